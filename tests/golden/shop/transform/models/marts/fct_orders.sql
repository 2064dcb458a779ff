select
    order_id,
    customer_id,
    status,
    order_date,
    ordered_at,
    shipped_at,
    currency,
    total_amount,
    updated_at
from {{ ref('stg_shop__orders') }}
