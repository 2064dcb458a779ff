{{ config(materialized='table') }}

-- The source does not enforce the key: where it has a key twice, the latest row counts.
select
    product_id,
    sku,
    name,
    category,
    unit_price,
    is_active,
    updated_at
from (
    select
        *,
        row_number() over (
            partition by
                product_id
            order by
                updated_at desc nulls last,
                _file desc,
                _line desc
        ) as _place
    from {{ source('shop', 'products') }}
) as landed
where _place = 1
