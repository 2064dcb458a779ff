select
    "order",
    customer_id,
    "group",
    "größe",
    class,
    it_s_the_total,
    placed_at
from {{ source('crm', 'order') }}
