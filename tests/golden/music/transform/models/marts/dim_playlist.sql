select
    playlist_id,
    name
from {{ ref('stg_chinook__playlist') }}
