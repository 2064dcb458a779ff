select
    carrier,
    time_hour,
    cast(count(*) as BIGINT) as row_count
from {{ ref('stg_flights__flights') }}
group by
    1,
    2
