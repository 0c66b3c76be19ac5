{{ config(materialized='table', contract={'enforced': driftline._enforce_contract()}) }}
{%- if driftline._is_needed() -%}

-- The episodes once more, for all who are not of this package. What a gate (driftline.no_open_alerts) holds back are
-- the models that need this one: the causes of the alerts, which read the episodes, are not among them.
select
    monitor, model_version, segment, segment_value, window_periods, is_total,
    alert_id, family, metric, column_name, baseline, severity,
    status, first_window_start, last_window_start, last_window_end, windows_breached,
    value, peak_value, expected, threshold,
    noise, message, owner, opened_at, resolved_at, known_as, earlier_ids, found_late, no_data_since
from {{ ref('driftline_int_episodes') }}
union all
-- And what befalls the monitors themselves.
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
    o.monitor, {{ driftline._as_text('null') }}, false, {{ driftline._as_timestamp('null') }}
from {{ ref('driftline_int_operation') }} as o
{%- else -%}{{ driftline._empty() }}{%- endif %}
