select
    id,
    name,
    team
from {{ ref('stg_help__agents') }}
