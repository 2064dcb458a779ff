{# The UTC date that this run stands for: PIPELINE_DATE where the scheduler says it, else today's. #}
{% macro pipeline_date() -%}
    {%- set said = env_var('PIPELINE_DATE', '') or run_started_at.strftime('%Y-%m-%d') -%}
    {{ modules.datetime.date.fromisoformat(said) }}
{%- endmacro %}

{# Run before a copy is taken: the day's earlier one goes, even where there is no row to take its place. #}
{% macro delete_copy_of_the_day() %}
    {% if is_incremental() %}
        delete from {{ this }} where snapshot_date = date '{{ pipeline_date() }}'
    {% endif %}
{% endmacro %}
