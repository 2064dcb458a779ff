{# Rows whose key `model` no longer has leave this table. Where none is gone, two counts say so and nothing more is read. #}
{% macro delete_gone(model) -%}
    {%- set same = [] -%}
    {%- for column in config.get('unique_key') or [] -%}
        {%- do same.append('alive.' ~ column ~ ' = kept.' ~ column) -%}
    {%- endfor -%}
    delete from {{ this }} as kept
    where
        (select count(*) from {{ this }}) > (select count(*) from {{ model }})
        and not exists (select 1 from {{ model }} as alive where {{ same | join(' and ') }})
{%- endmacro %}
