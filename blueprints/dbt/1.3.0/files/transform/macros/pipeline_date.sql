{# The UTC date that this run stands for: PIPELINE_DATE where the scheduler says it, else today's. #}
{% macro pipeline_date() -%}
    {%- set said = env_var('PIPELINE_DATE', '') or run_started_at.strftime('%Y-%m-%d') -%}
    {{ modules.datetime.date.fromisoformat(said) }}
{%- endmacro %}
