select
    media_type_id,
    name
from {{ ref('stg_chinook__media_type') }}
