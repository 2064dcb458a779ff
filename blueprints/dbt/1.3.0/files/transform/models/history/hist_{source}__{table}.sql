-- The table as it is on the day of this run. The day's earlier copy is replaced as a whole; no other day is touched.
select
    cast('{{ pipeline_date() }}' as date) as snapshot_date, -- noqa: TMP
--% for column in table.columns
    <%= column.id | ident %><%= "," if not loop.last or table.soft_deletes %>
--% endfor
--% if table.soft_deletes
    _deleted_at
--% endif
from {{ ref('<%= table.staging %>') }}
