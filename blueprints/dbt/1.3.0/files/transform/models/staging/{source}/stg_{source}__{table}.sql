--% set batched = marts | selectattr("load", "equalto", "microbatch") | selectattr("staging", "equalto", table.staging) | list
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
from (
    select
        *,
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
        ) as _place
    from {{ source('<%= source.id %>', '<%= table.id %>') }}
) as landed
where _place = 1
--% else
--% if batched
{{ config(event_time=<%= batched[0].event_time | ident | py %>) }}

--% endif
select
--% for column in table.columns
    <%= column.id | ident %><%= "," if not loop.last or table.soft_deletes or table.incremental %>
--% endfor
--% if table.soft_deletes
    _deleted_at<%= "," if table.incremental %>
--% endif
--% if table.incremental
    _loaded_at
--% endif
from {{ source('<%= source.id %>', '<%= table.id %>') }}
--% endif
