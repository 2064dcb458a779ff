{{ config(materialized='table') }}

-- A row that changed is landed again: the latest of each key counts.
select
    order_id,
    customer_id,
    product_id,
    status,
    quantity,
    total_amount,
    discount_rate,
    note,
    ordered_at,
    shipped_on,
    updated_at
from (
    select
        *,
        row_number() over (
            partition by
                order_id
            order by
                updated_at desc nulls last,
                _file desc,
                _line desc
        ) as _place
    from {{ source('shop_files', 'orders') }}
) as landed
where _place = 1
