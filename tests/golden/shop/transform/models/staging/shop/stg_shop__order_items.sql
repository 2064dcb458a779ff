{{ config(materialized='table') }}

-- The source does not enforce the key: where it has a key twice, the latest row counts.
select
    order_item_id,
    order_id,
    product_id,
    quantity,
    unit_price,
    updated_at
from (
    select
        *,
        row_number() over (
            partition by
                order_item_id
            order by
                updated_at desc nulls last,
                _file desc,
                _line desc
        ) as _place
    from {{ source('shop', 'order_items') }}
) as landed
where _place = 1
