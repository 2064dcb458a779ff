{{ config(event_time="read_at") }}

select
    station,
    temperature,
    read_at,
    _loaded_at
from {{ source('shop_db', 'readings') }}
