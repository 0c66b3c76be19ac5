{{ driftline._result('view') }}
{%- if driftline._is_needed() -%}
{%- set grain = 'monitor, model_version, segment, segment_value, window_periods, window_start, window_end' %}

-- All measures in long form, and what their history says of them: the one input of the judge.
select
    {{ grain }}, {{ driftline._is_total('m') }} as is_total,
    family, metric, column_name, column_role, column_kind, baseline, is_complete, value, expected,
    noise, row_count, baseline_row_count, reason, judged_value
from {{ ref('driftline_measured') }} as m
union all
select
    {{ grain }}, {{ driftline._is_total('c') }},
    {{ driftline._text('trend') }}, {{ driftline._change_metric('c') }}, column_name, column_role, column_kind,
    {{ driftline._text('trailing') }}, is_complete, level_after, level_before,
    noise, row_count, cast(null as {{ dbt.type_bigint() }}), reason, {{ driftline._as_double('null') }}
from {{ ref('driftline_changes') }} as c
{%- else -%}{{ driftline._empty() }}{%- endif %}
