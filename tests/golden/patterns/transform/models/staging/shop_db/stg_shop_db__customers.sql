select
    customer_id,
    email,
    phone,
    full_name,
    country,
    updated_at
from {{ source('shop_db', 'customers') }}
