{# Run before a copy is taken: the day's earlier one goes, even where there is no row to take its place. #}
{% macro delete_copy_of_the_day() %}
    {% if is_incremental() %}
        delete from {{ this }} where snapshot_date = date '{{ pipeline_date() }}'
    {% endif %}
{% endmacro %}
