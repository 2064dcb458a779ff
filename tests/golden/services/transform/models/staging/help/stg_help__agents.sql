select
    id,
    name,
    team
from {{ source('help', 'agents') }}
