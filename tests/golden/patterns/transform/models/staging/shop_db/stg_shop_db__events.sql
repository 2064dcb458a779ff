{{ config(event_time="happened_at") }}

select
    event_id,
    kind,
    payload,
    happened_at,
    _loaded_at
from {{ source('shop_db', 'events') }}
