{{ config(materialized='table') }}

-- A row that changed is landed again: the latest of each key counts.
select
    event_id,
    customer_id,
    type,
    "value",
    is_mobile,
    payload,
    occurred_at
from (
    select
        *,
        row_number() over (
            partition by
                event_id,
                occurred_at
            order by
                _file desc,
                _line desc
        ) as _place
    from {{ source('shop_files', 'events') }}
) as landed
where _place = 1
