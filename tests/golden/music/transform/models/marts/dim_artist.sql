select
    artist_id,
    name
from {{ ref('stg_chinook__artist') }}
