select
    customer_id,
    email,
    full_name,
    tier,
    note,
    created_at,
    updated_at,
    _deleted_at
from {{ source('shop', 'customers') }}
