select
    invoice_line_id,
    invoice_id,
    track_id,
    unit_price,
    quantity
from {{ ref('stg_chinook__invoice_line') }}
