{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}
{%- set columns = [
    'monitor', 'model_version', 'segment', 'segment_value', 'window_periods', 'is_total', 'alert_id', 'family',
    'metric', 'column_name', 'baseline', 'severity', 'status', 'first_window_start', 'last_window_start',
    'last_window_end', 'windows_breached', 'value', 'peak_value', 'expected', 'threshold', 'noise', 'message', 'owner',
    'opened_at', 'resolved_at', 'known_as', 'earlier_ids', 'found_late', 'no_data_since', 'peak_effect',
    'opened_far_out',
] %}

-- All alerts: the episodes, and what befalls the monitors themselves.
select {{ columns | join(', ') }} from {{ ref('driftline_int_episodes') }}
union all
select
    o.monitor, {{ driftline._text('all') }}, {{ driftline._text('all') }}, {{ driftline._text('all') }}, 1, true,
    o.alert_id, {{ driftline._text('operation') }}, {{ driftline._text('failed_runs') }}, {{ driftline._text('all') }},
    {{ driftline._text('none') }}, {{ driftline._text('critical') }}, o.status,
    {{ driftline._as_timestamp('o.first_failed') }}, {{ driftline._as_timestamp('o.last_failed') }},
    {{ driftline._as_timestamp('o.last_failed') }}, o.failed_runs,
    {{ driftline._as_double('o.failed_runs') }}, {{ driftline._as_double('o.failed_runs') }},
    {{ driftline._as_double('null') }}, {{ driftline._as_double('0') }}, {{ driftline._as_double('null') }},
    case
        when o.status = 'open' then {{ driftline._failed_runs(
            'o.failed_runs', driftline._to_the_minute('o.first_failed'), driftline._to_the_minute('o.last_success')
        ) }}
        else {{ driftline._worked_again(
            'o.failed_runs', driftline._to_the_minute('o.first_failed'), driftline._to_the_minute('o.last_failed')
        ) }}
    end,
    o.owner, {{ driftline._as_timestamp('o.first_failed') }}, {{ driftline._as_timestamp('o.resolved_at') }},
    o.monitor, {{ driftline._as_text('null') }}, false, {{ driftline._as_timestamp('null') }},
    {{ driftline._as_double('o.failed_runs') }}, true
from {{ ref('driftline_int_operation') }} as o
{%- else -%}{{ driftline._empty() }}{%- endif %}
