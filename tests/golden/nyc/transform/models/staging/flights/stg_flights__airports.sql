{{ config(materialized='table') }}

-- The source does not enforce the key: where it has a key twice, the latest row counts.
select
    faa,
    name,
    lat,
    lon,
    alt,
    tz,
    dst,
    tzone
from (
    select
        *,
        row_number() over (
            partition by
                faa
            order by
                _file desc,
                _line desc
        ) as _place
    from {{ source('flights', 'airports') }}
) as landed
where _place = 1
