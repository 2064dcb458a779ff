{{ config(materialized='table') }}

-- The source does not enforce the key: where it has a key twice, the latest row counts.
select
    carrier,
    name
from (
    select
        *,
        row_number() over (
            partition by
                carrier
            order by
                _file desc,
                _line desc
        ) as _place
    from {{ source('flights', 'airlines') }}
) as landed
where _place = 1
