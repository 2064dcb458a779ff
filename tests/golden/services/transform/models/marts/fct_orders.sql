select
    order_id,
    customer_id,
    status,
    total,
    weight,
    express,
    "day",
    ordered_at,
    updated_at,
    _deleted_at,
    _loaded_at
from {{ ref('stg_shop__orders') }}
{% if is_incremental() %}
    -- Landed since the newest row here, or in the 86400 seconds before it: a row taken twice changes nothing.
    where _loaded_at >= (
        select coalesce(max(_loaded_at) - interval '86400 seconds', timestamptz '1970-01-01 00:00:00+00')
        from {{ this }}
    )
{% endif %}
