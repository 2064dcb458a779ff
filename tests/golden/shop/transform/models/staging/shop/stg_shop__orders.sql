{{ config(materialized='table') }}

-- The source does not enforce the key: where it has a key twice, the latest row counts.
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
    from {{ source('shop', 'orders') }}
) as landed
where _place = 1
