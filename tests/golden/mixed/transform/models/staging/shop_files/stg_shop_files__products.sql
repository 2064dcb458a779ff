{{ config(materialized='table') }}

-- The source does not enforce the key: where it has a key twice, the latest row counts.
select
    product_id,
    name,
    category,
    price,
    weight_kg,
    is_active,
    launched_on
from (
    select
        *,
        row_number() over (
            partition by
                product_id
            order by
                _file desc,
                _line desc
        ) as _place
    from {{ source('shop_files', 'products') }}
) as landed
where _place = 1
