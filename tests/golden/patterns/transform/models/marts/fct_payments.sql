select
    payment_id,
    amount,
    rate,
    paid_on,
    _loaded_at
from {{ ref('stg_shop_db__payments') }}
{% if is_incremental() %}
    -- Landed since the newest row here, or in the 43200 seconds before it: a row taken twice changes nothing.
    where _loaded_at >= (
        select coalesce(max(_loaded_at) - interval '43200 seconds', timestamptz '1970-01-01 00:00:00+00')
        from {{ this }}
    )
{% endif %}
