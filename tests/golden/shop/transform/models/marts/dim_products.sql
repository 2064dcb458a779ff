select
    product_id,
    sku,
    name,
    category,
    unit_price,
    is_active,
    updated_at
from {{ ref('stg_shop__products') }}
