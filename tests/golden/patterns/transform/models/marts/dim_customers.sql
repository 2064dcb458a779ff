select
    customer_id,
    email,
    phone,
    full_name,
    country,
    updated_at
from {{ ref('stg_shop_db__customers') }}
