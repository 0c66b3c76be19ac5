{{ config(materialized='table', contract={'enforced': driftline._enforce_contract()}) }}

-- The episodes once more, for all who are not of this package. What a gate (driftline.no_open_alerts) holds back are the
-- models that need this one: the causes of the alerts, which read the episodes, are not among them.
select
    monitor, model_version, segment, segment_value, window_periods,
    alert_id, family, metric, column_name, baseline, severity,
    status, first_window_start, last_window_start, last_window_end, windows_breached,
    value, peak_value, expected, threshold,
    noise, message, owner, opened_at, resolved_at
from {{ ref('driftline_episodes') }}
