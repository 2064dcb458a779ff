select
    id,
    customer_id,
    subject,
    "open",
    priority,
    tags,
    opened_at,
    updated_at,
    _loaded_at
from {{ source('help', 'tickets') }}
