select
    payment_id,
    order_id,
    "method",
    amount,
    paid_at,
    updated_at
from {{ ref('stg_shop__payments') }}
