{#
    After the batches of a microbatch model every day is as the model read has it: days of late rows, days that lost rows, days
    for which no batch ran. Only days that differ are replaced: in how many rows they have, or in when the newest was landed.
#}
{% macro replace_days(model_read) -%}
    {#- Rendered, or dbt would show the hook the rows of the last batch alone. -#}
    {%- set staged = model_read.render() -%}
    {%- set time = config.get('event_time') or '' -%}
    {%- set type = model['columns'].get(time | replace('"', ''), {}).get('data_type') -%}
    {%- set date = "cast(" ~ time ~ (" at time zone 'UTC'" if type == 'TIMESTAMPTZ') ~ " as date)" -%}
    {%- set day = "coalesce(" ~ date ~ ", date '0001-01-01')" -%}
    {%- set columns = get_quoted_csv(model['columns'].keys()) -%}
    {%- set wanted = "select " ~ day ~ ", count(*), max(_loaded_at) from " ~ staged ~ " group by 1" -%}
    {%- set there = "select " ~ day ~ ", count(*), max(_loaded_at) from " ~ this ~ " group by 1" -%}
    delete from {{ this }}
    where {{ day }} in (
        select differs.on_day
        from (
            ({{ wanted }} except {{ there }})
            union all
            ({{ there }} except {{ wanted }})
        ) as differs (on_day, row_count, newest)
    );
    insert into {{ this }} ({{ columns }})
    select {{ columns }}
    from {{ staged }}
    where {{ day }} in (select missing.on_day from ({{ wanted }} except {{ there }}) as missing (on_day, row_count, newest))
{%- endmacro %}
