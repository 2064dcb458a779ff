select
    payment_id,
    amount,
    rate,
    paid_on,
    _loaded_at
from {{ source('shop_db', 'payments') }}
