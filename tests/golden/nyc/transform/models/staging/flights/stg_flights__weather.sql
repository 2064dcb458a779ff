{{ config(materialized='table') }}

-- The source does not enforce the key: where it has a key twice, the latest row counts.
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
from (
    select
        *,
        row_number() over (
            partition by
                origin,
                time_hour
            order by
                _file desc,
                _line desc
        ) as _place
    from {{ source('flights', 'weather') }}
) as landed
where _place = 1
