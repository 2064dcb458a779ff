select
    genre_id,
    name
from {{ ref('stg_chinook__genre') }}
