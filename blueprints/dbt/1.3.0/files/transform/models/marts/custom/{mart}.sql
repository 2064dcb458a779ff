-- A start that runs. Put the real query here: the file is yours, `pipegen update` leaves it alone.
--% for model in mart.from_
select
    '<%= model %>' as reads,
    count(*) as row_count
from {{ ref('<%= model %>') }}
--% if not loop.last
union all
--% endif
--% else
select 1 as row_count
--% endfor
