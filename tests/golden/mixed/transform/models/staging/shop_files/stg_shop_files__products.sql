{{ config(materialized='table') }}

-- A row that changed is landed again: the latest of each key counts.
select
    product_id,
    name,
    category,
    price,
    weight_kg,
    is_active,
    launched_on
from {{ source('shop_files', 'products') }}
qualify
    row_number() over (
        partition by
            product_id
        order by
            _file desc,
            _line desc
    ) = 1
