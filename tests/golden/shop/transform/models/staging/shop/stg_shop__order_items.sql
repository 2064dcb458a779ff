{{ config(materialized='table') }}

-- A row that changed is landed again: the latest of each key counts.
select
    order_item_id,
    order_id,
    product_id,
    quantity,
    unit_price,
    updated_at
from {{ source('shop', 'order_items') }}
qualify
    row_number() over (
        partition by
            order_item_id
        order by
            updated_at desc nulls last,
            _file desc,
            _line desc
    ) = 1
