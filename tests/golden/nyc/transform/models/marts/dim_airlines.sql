select
    carrier,
    name
from {{ ref('stg_flights__airlines') }}
