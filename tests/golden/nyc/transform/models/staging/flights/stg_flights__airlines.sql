{{ config(materialized='table') }}

-- A row that changed is landed again: the latest of each key counts.
select
    carrier,
    name
from {{ source('flights', 'airlines') }}
qualify
    row_number() over (
        partition by
            carrier
        order by
            _file desc,
            _line desc
    ) = 1
