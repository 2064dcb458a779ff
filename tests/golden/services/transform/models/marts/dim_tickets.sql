select
    id,
    customer_id,
    subject,
    "open",
    priority,
    tags,
    opened_at,
    updated_at
from {{ ref('stg_help__tickets') }}
