-- The table as it is on the day of this run. The day's earlier copy is replaced as a whole; no other day is touched.
select
    cast('{{ pipeline_date() }}' as date) as snapshot_date, -- noqa: TMP
    sku,
    name,
    price,
    in_stock,
    _deleted_at
from {{ ref('stg_shop_db__products') }}
