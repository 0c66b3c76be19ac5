{{ driftline._result('table') }}
{%- if driftline._is_needed() -%}

-- All alerts once more, with the incident each is part of, for all who are not of this package. What a gate
-- (driftline.no_open_alerts) holds back are the models that need this one: causes and incidents are not among them.
select
    a.monitor, a.model_version, a.segment, a.segment_value, a.window_periods, a.is_total,
    a.alert_id as alert_id, a.family, a.metric, a.column_name, a.baseline, a.severity,
    a.status, a.first_window_start, a.last_window_start, a.last_window_end, a.windows_breached,
    a.value, a.peak_value, a.expected, a.threshold,
    a.noise, a.message, a.owner, a.opened_at, a.resolved_at, a.known_as, a.earlier_ids, a.found_late, a.no_data_since,
    m.incident_id, m.is_headline, s.sentence
from {{ ref('driftline_int_alerts') }} as a
join {{ ref('driftline_int_incident_members') }} as m on m.alert_id = a.alert_id
left join {{ ref('driftline_int_sentences') }} as s
    on s.alert_id = a.alert_id and s.language = {{ driftline._literal(driftline._language()) }}
{%- else -%}{{ driftline._empty() }}{%- endif %}
