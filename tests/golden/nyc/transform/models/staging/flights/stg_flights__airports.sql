{{ config(materialized='table') }}

-- A row that changed is landed again: the latest of each key counts.
select
    faa,
    name,
    lat,
    lon,
    alt,
    tz,
    dst,
    tzone
from {{ source('flights', 'airports') }}
qualify
    row_number() over (
        partition by
            faa
        order by
            _file desc,
            _line desc
    ) = 1
