select
    order_id,
    customer_id,
    status,
    total,
    weight,
    express,
    "day",
    ordered_at,
    updated_at,
    _deleted_at,
    _loaded_at
from {{ source('shop', 'orders') }}
