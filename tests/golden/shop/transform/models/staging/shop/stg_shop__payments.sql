{{ config(materialized='table') }}

-- A row that changed is landed again: the latest of each key counts.
select
    payment_id,
    order_id,
    "method",
    amount,
    paid_at,
    updated_at
from {{ source('shop', 'payments') }}
qualify
    row_number() over (
        partition by
            payment_id
        order by
            updated_at desc nulls last,
            _file desc,
            _line desc
    ) = 1
