select
    faa,
    name,
    lat,
    lon,
    alt,
    tz,
    dst,
    tzone
from {{ ref('stg_flights__airports') }}
