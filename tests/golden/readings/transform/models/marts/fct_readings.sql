select
    id,
    sensor,
    "value",
    measured_at
from {{ ref('stg_readings__readings') }}
