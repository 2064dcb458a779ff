select
    cast(cast(ordered_at as date) as DATE) as order_date,
    cast(sum(total_amount) as DECIMAL(38,2)) as revenue,
    cast(count(*) as BIGINT) as orders
from {{ ref('fct_orders') }}
group by
    1
