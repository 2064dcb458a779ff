{{ config(materialized='table') }}

-- A row that changed is landed again: the latest of each key counts.
select
    origin,
    "year",
    "month",
    "day",
    "hour",
    temp,
    dewp,
    humid,
    wind_dir,
    wind_speed,
    wind_gust,
    precip,
    pressure,
    visib,
    time_hour
from {{ source('flights', 'weather') }}
qualify
    row_number() over (
        partition by
            origin,
            time_hour
        order by
            _file desc,
            _line desc
    ) = 1
