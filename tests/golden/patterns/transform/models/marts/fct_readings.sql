select
    station,
    temperature,
    read_at,
    _loaded_at
from {{ ref('stg_shop_db__readings') }}
