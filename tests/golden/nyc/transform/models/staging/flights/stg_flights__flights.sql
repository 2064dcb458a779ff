{{ config(materialized='table') }}

-- The source does not enforce the key: where it has a key twice, the latest row counts.
select
    "year",
    "month",
    "day",
    dep_time,
    sched_dep_time,
    dep_delay,
    arr_time,
    sched_arr_time,
    arr_delay,
    carrier,
    flight,
    tailnum,
    origin,
    dest,
    air_time,
    distance,
    "hour",
    "minute",
    time_hour
from (
    select
        *,
        row_number() over (
            partition by
                carrier,
                flight,
                time_hour
            order by
                _file desc,
                _line desc
        ) as _place
    from {{ source('flights', 'flights') }}
) as landed
where _place = 1
