select
    album_id,
    title,
    artist_id
from {{ ref('stg_chinook__album') }}
