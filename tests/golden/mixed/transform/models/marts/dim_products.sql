select
    product_id,
    name,
    category,
    price,
    weight_kg,
    is_active,
    launched_on
from {{ ref('stg_shop_files__products') }}
