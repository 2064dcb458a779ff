{{ config(materialized='table') }}

-- The source does not enforce the key: where it has a key twice, the latest row counts.
select
    tailnum,
    "year",
    type,
    manufacturer,
    model,
    engines,
    seats,
    speed,
    engine
from (
    select
        *,
        row_number() over (
            partition by
                tailnum
            order by
                _file desc,
                _line desc
        ) as _place
    from {{ source('flights', 'planes') }}
) as landed
where _place = 1
