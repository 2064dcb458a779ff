{{ config(materialized='table') }}

-- The source does not enforce the key: where it has a key twice, the latest row counts.
select
    id,
    sensor,
    "value",
    measured_at
from (
    select
        *,
        row_number() over (
            partition by
                id
            order by
                _file desc,
                _line desc
        ) as _place
    from {{ source('readings', 'readings') }}
) as landed
where _place = 1
