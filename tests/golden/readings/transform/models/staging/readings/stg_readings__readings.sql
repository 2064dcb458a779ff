{{ config(materialized='table') }}

-- The source does not enforce the key: where it has a key twice, the latest row counts.
select
    id,
    sensor,
    "value",
    measured_at
from {{ source('readings', 'readings') }}
qualify
    row_number() over (
        partition by
            id
        order by
            _file desc,
            _line desc
    ) = 1
