select
    order_item_id,
    order_id,
    product_id,
    quantity,
    unit_price,
    updated_at
from {{ ref('stg_shop__order_items') }}
