select
    sku,
    name,
    price,
    in_stock,
    _deleted_at
from {{ ref('stg_shop_db__products') }}
