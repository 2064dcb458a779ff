select
    sku,
    name,
    price,
    in_stock,
    _deleted_at
from {{ source('shop_db', 'products') }}
