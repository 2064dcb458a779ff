{{ config(materialized='table') }}

-- The source does not enforce the key: where it has a key twice, the latest row counts.
select
    payment_id,
    order_id,
    "method",
    amount,
    paid_at,
    updated_at
from (
    select
        *,
        row_number() over (
            partition by
                payment_id
            order by
                updated_at desc nulls last,
                _file desc,
                _line desc
        ) as _place
    from {{ source('shop', 'payments') }}
) as landed
where _place = 1
