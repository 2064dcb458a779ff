{{ config(materialized='table') }}

-- A row that changed is landed again: the latest of each key counts.
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
from {{ source('flights', 'planes') }}
qualify
    row_number() over (
        partition by
            tailnum
        order by
            _file desc,
            _line desc
    ) = 1
