select
    order_id,
    customer_id,
    product_id,
    status,
    quantity,
    total_amount,
    discount_rate,
    note,
    ordered_at,
    shipped_on,
    updated_at
from {{ ref('stg_shop_files__orders') }}
