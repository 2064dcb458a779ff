--% if table.dedupe
{{ config(materialized='table') }}

--% if table.load == "append"
-- A row that changed is landed again: the latest of each key counts.
--% else
-- The source does not enforce the key: where it has a key twice, the latest row counts.
--% endif
select
--% for column in table.columns
    <%= column.id | ident %><%= "," if not loop.last %>
--% endfor
from {{ source('<%= source.id %>', '<%= table.id %>') }}
qualify
    row_number() over (
        partition by
--% for id in table.key
            <%= id | ident %><%= "," if not loop.last %>
--% endfor
        order by
--% if table.watermark
            <%= table.watermark | ident %> desc nulls last,
--% endif
            _file desc,
            _line desc
    ) = 1
--% else
select
--% for column in table.columns
    <%= column.id | ident %><%= "," if not loop.last %>
--% endfor
from {{ source('<%= source.id %>', '<%= table.id %>') }}
--% endif
