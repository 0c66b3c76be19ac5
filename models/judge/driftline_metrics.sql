{{ config(materialized='view', contract={'enforced': driftline._enforce_contract()}) }}
{%- set names = ['monitor', 'model_version', 'segment', 'segment_value', 'window_periods', 'window_start', 'window_end',
    'family', 'metric', 'column_name', 'column_role', 'column_kind', 'baseline', 'is_complete', 'value', 'expected',
    'noise', 'row_count', 'baseline_row_count', 'reason', 'judged_value'] %}

-- All measures in long form, and what their history says of them: the one input of the judge.
select {{ names | join(', ') }}
from {{ ref('driftline_measured') }}
union all
select
    monitor, model_version, segment, segment_value, window_periods, window_start, window_end,
    {{ driftline._text('trend') }}, {{ driftline._change_metric('c') }}, column_name, column_role, column_kind, {{ driftline._text('trailing') }}, is_complete,
    level_after, level_before, noise, row_count, cast(null as {{ dbt.type_bigint() }}), reason,
    {{ driftline._as_double('null') }}
from {{ ref('driftline_changes') }} as c
