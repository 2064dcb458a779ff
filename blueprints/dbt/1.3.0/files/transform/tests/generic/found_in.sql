{# What these columns hold together is found in another model: `relationships`, for several columns. #}
{% test found_in(model, columns, to, at) %}
select {{ columns | join(', ') }}
from {{ model }}
where {{ columns | join(' is not null and ') }} is not null
except
select {{ at | join(', ') }}
from {{ to }}
{% endtest %}
