{# A business rule. As in a SQL CHECK, a row for which the expression is null passes. #}
{% test expression_is_true(model, expression) %}
select *
from {{ model }}
where not ({{ expression }})
{% endtest %}
