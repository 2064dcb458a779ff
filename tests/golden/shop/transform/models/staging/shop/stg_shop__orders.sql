{{ config(materialized='table') }}

-- A row that changed is landed again: the latest of each key counts.
select
    order_id,
    customer_id,
    status,
    order_date,
    ordered_at,
    shipped_at,
    currency,
    total_amount,
    updated_at
from {{ source('shop', 'orders') }}
qualify
    row_number() over (
        partition by
            order_id
        order by
            updated_at desc nulls last,
            _file desc,
            _line desc
    ) = 1
