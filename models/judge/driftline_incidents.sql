{{ config(materialized='table', contract={'enforced': driftline._enforce_contract()}) }}
{%- if driftline._is_needed() -%}

-- What people are told: the alerts that have one cause, as one incident.
select
    i.incident_id, i.monitor, i.monitors, i.severity, i.status,
    coalesce(s.headline, i.evidence) as headline,
    i.evidence, i.headline_alert_id, i.family, i.metric, i.column_name, i.is_common, i.alerts, i.open_alerts,
    i.columns_moved, i.also, i.stands_out, i.opened_at, i.resolved_at, i.first_window_start, i.last_window_end,
    i.owner, i.known_as, i.found_late, i.no_data_since, i.event
from {{ ref('driftline_int_incidents') }} as i
left join {{ ref('driftline_int_incident_sentences') }} as s
    on s.incident_id = i.incident_id and s.language = {{ driftline._literal(driftline._language()) }}
{%- else -%}{{ driftline._empty() }}{%- endif %}
