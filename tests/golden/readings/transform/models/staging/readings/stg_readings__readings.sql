{{ config(materialized='table') }}

-- A row that changed is landed again: the latest of each key counts.
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
