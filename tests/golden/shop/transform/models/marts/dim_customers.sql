select
    customer_id,
    email,
    full_name,
    phone,
    country,
    accepts_marketing,
    created_at,
    updated_at
from {{ ref('stg_shop__customers') }}
