select
    order_id,
    customer_id,
    status,
    total_amount,
    ordered_at,
    updated_at,
    _deleted_at,
    _loaded_at
from {{ source('shop_db', 'orders') }}
