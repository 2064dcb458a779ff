{# A batch replaces its days, as on DuckDB. dbt's own for PostgreSQL is a merge by key, which keeps rows that are gone. #}
{% macro postgres__get_incremental_microbatch_sql(arg_dict) %}
    {% set time = config.get('event_time') %}
    {% set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) %}
    delete from {{ arg_dict['target_relation'] }}
    where {{ time }} >= '{{ model.batch.event_time_start }}' and {{ time }} < '{{ model.batch.event_time_end }}';
    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }}
{% endmacro %}
