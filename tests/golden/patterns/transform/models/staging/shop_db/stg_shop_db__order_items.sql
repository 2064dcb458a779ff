select
    order_id,
    line,
    quantity,
    unit_price,
    updated_at,
    _loaded_at
from {{ source('shop_db', 'order_items') }}
