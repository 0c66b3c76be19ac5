{{ driftline._result('table') }}
{%- if driftline._is_needed() -%}
{%- set language = driftline._literal(driftline._language()) %}

-- What people are told, the alerts that have one cause as one incident, and what they have answered.
with members as (
    select
        m.incident_id, m.alert_id, case when a.status = 'open' then 1 else 0 end as is_open,
        max(case when a.status = 'open' then 1 else 0 end) over (partition by m.incident_id) as is_any_open,
        ',' || m.alert_id || ',' || coalesce(a.earlier_ids, '') || ',' as ids
    from {{ ref('driftline_int_incident_members') }} as m
    join {{ ref('driftline_int_alerts') }} as a on a.alert_id = m.alert_id
),

-- Each answer counts for the incident it was given to, and for the one that this became part of, where it was about all
-- that is open in it (of what is over, about all of it).
addressed as (
    select incident_id, answer_id from {{ ref('driftline_int_answers') }}
    {{ driftline._union() }}
    select o.incident_id as incident_id, w.answer_id
    from {{ ref('driftline_int_answers') }} as w
    join members as e
        on e.incident_id <> w.incident_id and {{ driftline._contains('e.ids', "',' || w.incident_id || ','") }}
    join members as o on o.incident_id = e.incident_id and o.is_open = o.is_any_open
    group by o.incident_id, w.answer_id
    having min(case when {{ driftline._contains("',' || coalesce(w.alert_ids, '') || ','",
        "',' || o.alert_id || ','") }}
        then 1 else 0 end) = 1
),

answers as (
    select
        d.incident_id, w.answer, w.answered_by, w.answered_at, w.note, w.until,
        row_number() over (partition by d.incident_id order by w.answered_at desc, w.answer_id desc) as from_last
    from addressed as d
    join {{ ref('driftline_int_answers') }} as w on w.answer_id = d.answer_id
)

select
    i.incident_id as incident_id, i.monitor, i.monitors, i.upstream, i.severity,
    {{ driftline._as_text("case
        when i.open_alerts = 0 then 'resolved'
        when a.answer in ('expected', 'false_alarm') then a.answer
        when i.event is not null then 'expected'
        when a.answer = 'ack' then 'acknowledged'
        else 'open' end") }} as status,
    coalesce(s.headline, i.evidence) as headline,
    i.evidence, i.headline_alert_id, i.family, i.metric, i.column_name, i.is_common, i.alerts, i.open_alerts,
    i.columns_moved, i.also, i.stands_out,
    {{ driftline._as_text('s.cause') }} as cause,
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
left join {{ ref('driftline_int_incident_costs') }} as k on k.incident_id = i.incident_id
left join answers as a on a.incident_id = i.incident_id and a.from_last = 1
{%- else -%}{{ driftline._empty() }}{%- endif %}
