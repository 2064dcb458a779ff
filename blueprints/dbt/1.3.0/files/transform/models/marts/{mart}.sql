--% set keyed = mart.load == "incremental" and mart.grain
--% set microbatch = mart.load == "microbatch"
--% set soft = namespace(read=false)
--% for source in sources
--% for table in source.tables if table.soft_deletes and table.staging in mart.from_
--% set soft.read = true
--% endfor
--% endfor
--% for other in marts if other.soft_deletes and other.id in mart.from_
--% set soft.read = true
--% endfor
--% if "\n" in mart.columns | map(attribute="expression") | join
-- noqa: disable=LT02
--% endif
select
--% set renamed = {"DOUBLE": "double precision", "BLOB": "bytea"} if destination.kind == "postgres" else {}
--% for column in mart.columns
--% set last = loop.last and not mart.soft_deletes and not keyed and not microbatch
--% if column.expression == column.id | ident
    <%= column.id | ident %><%= "," if not last %>
--% elif destination.kind == "postgres" and column.type == "JSON"
    cast(<%= column.expression | expr %> as {{ 'jsonb' if target.type == 'postgres' else 'json' }}) as <%= column.id | ident %><%= "," if not last %>
--% else
    cast(<%= column.expression | expr %> as <%= renamed.get(column.type, column.type) | sql_type %>) as <%= column.id | ident %><%= "," if not last %>
--% endif
--% endfor
--% if mart.soft_deletes
    _deleted_at<%= "," if keyed or microbatch %>
--% endif
--% if keyed or microbatch
    _loaded_at
--% endif
from {{ ref('<%= mart.from_[0] %>') }}
--% if keyed
{% if is_incremental() %}
    -- Landed since the newest row here, or in the <%= mart.lookback_seconds %> seconds before it: a row taken twice changes nothing.
    where _loaded_at >= (
        select coalesce(max(_loaded_at) - interval '<%= mart.lookback_seconds %> seconds', timestamptz '1970-01-01 00:00:00+00')
        from {{ this }}
    )
{% endif %}
--% elif mart.kind == "aggregate" and soft.read
where _deleted_at is null
--% endif
--% if mart.by
group by
--% for id in mart.by
    <%= loop.index %><%= "," if not loop.last %>
--% endfor
--% endif
