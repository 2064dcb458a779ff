--% if "\n" in mart.columns | map(attribute="expression") | join
-- noqa: disable=LT02
--% endif
select
--% for column in mart.columns
--% if column.expression == column.id | ident
    <%= column.id | ident %><%= "," if not loop.last %>
--% else
    cast(<%= column.expression | expr %> as <%= column.type | sql_type %>) as <%= column.id | ident %><%= "," if not loop.last %>
--% endif
--% endfor
from {{ ref('<%= mart.from_[0] %>') }}
--% if mart.by
group by
--% for id in mart.by
    <%= loop.index %><%= "," if not loop.last %>
--% endfor
--% endif
