{{ config(materialized=driftline._private_table()) }}
{%- set given = driftline._of_people('driftline_answers') %}
{%- if given and driftline._is_needed() -%}

-- What people answered to incidents and did not take back. They answer by the command line, at any time and beside dbt,
-- so there may be no such table yet.
select
    a.answer_id, a.incident_id, a.monitor, a.answer, a.until, a.note, a.answered_by, a.answered_at, a.alert_ids,
    a.data_until, a.severity
from {{ given }} as a
left join {{ given }} as r on r.answer = {{ driftline._text('revoke') }} and r.revokes = a.answer_id
where a.answer <> {{ driftline._text('revoke') }} and r.answer_id is null
{%- elif execute -%}{{ driftline._empty() }}
{#- It reads no monitor; this way a selection of one and what follows from it, `monitor+`, has what people answered. -#}
{%- else -%}
-- depends_on: {{ ref('driftline_int_monitors') }}
select 1 as nothing
{%- endif %}
