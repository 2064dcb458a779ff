select
    event_id,
    kind,
    payload,
    happened_at,
    _loaded_at
from {{ ref('stg_shop_db__events') }}
