{{ config(materialized='table', contract={'enforced': driftline._enforce_contract()}) }}
{%- if driftline._is_needed() -%}
{%- set language = driftline._literal(driftline._language()) %}

-- What people are told, the alerts that have one cause as one incident, and what they have answered.
select
    i.incident_id, i.monitor, i.monitors, i.severity,
    {{ driftline._as_text("case
        when i.open_alerts = 0 then 'resolved'
        when a.answer in ('expected', 'false_alarm') then a.answer
        when i.event is not null then 'expected'
        when a.answer = 'ack' then 'acknowledged'
        else 'open' end") }} as status,
    coalesce(s.headline, i.evidence) as headline,
    i.evidence, i.headline_alert_id, i.family, i.metric, i.column_name, i.is_common, i.alerts, i.open_alerts,
    i.columns_moved, i.also, i.stands_out,
    {{ driftline._as_text('c.cause') }} as cause,
    {{ driftline._as_double('k.cost') }} as cost, {{ driftline._as_text('k.cost_unit') }} as cost_unit,
    i.opened_at, i.resolved_at, i.first_window_start, i.last_window_end,
    i.owner, i.known_as, i.found_late, i.no_data_since, i.event,
    {{ driftline._as_text('a.answer') }} as answer,
    {{ driftline._as_text('a.answered_by') }} as answered_by,
    {{ driftline._as_timestamp('a.answered_at') }} as answered_at,
    {{ driftline._as_text('a.note') }} as answer_note,
    {{ driftline._as_timestamp('a.until') }} as snoozed_until
from {{ ref('driftline_int_incidents') }} as i
left join {{ ref('driftline_int_incident_sentences') }} as s
    on s.incident_id = i.incident_id and s.language = {{ language }}
left join {{ ref('driftline_int_cause_words') }} as c
    on c.alert_id = i.headline_alert_id and c.language = {{ language }}
left join {{ ref('driftline_int_incident_costs') }} as k on k.incident_id = i.incident_id
left join {{ ref('driftline_int_answers') }} as a on a.incident_id = i.incident_id and a.from_last = 1
{%- else -%}{{ driftline._empty() }}{%- endif %}
