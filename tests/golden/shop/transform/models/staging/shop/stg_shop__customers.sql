{{ config(materialized='table') }}

-- The source does not enforce the key: where it has a key twice, the latest row counts.
select
    customer_id,
    email,
    full_name,
    phone,
    country,
    accepts_marketing,
    created_at,
    updated_at
from (
    select
        *,
        row_number() over (
            partition by
                customer_id
            order by
                updated_at desc nulls last,
                _file desc,
                _line desc
        ) as _place
    from {{ source('shop', 'customers') }}
) as landed
where _place = 1
