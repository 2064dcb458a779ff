select
    playlist_id,
    track_id
from {{ ref('stg_chinook__playlist_track') }}
