{{ config(materialized=driftline._private_table()) }}
{#- Named whether there is a calendar or not: what a model depends on is told before its variables are. -#}
{%- set read = [ref('driftline_int_episodes'), ref('driftline_int_judgements'), ref('driftline_int_monitors'),
    ref('driftline_business')] -%}
{%- if driftline._is_needed() and driftline._has_events() -%}
{%- set series = ['monitor', 'model_version', 'segment', 'segment_value', 'window_periods', 'family', 'metric',
    'column_name', 'baseline'] %}

-- Alerts that an event of the calendar explains: nearly all of their breaches are in windows of which an event fills a
-- quarter or more. What goes on afterwards for as many windows as a warning takes is no longer the event's, and neither
-- is what the same event a year earlier did not do.
with breaches as (
    select
        a.alert_id, a.family, a.metric, a.column_name, a.baseline, j.monitor, j.model_version, j.segment,
        j.segment_value, j.window_periods, j.window_start, j.window_end, m.period
    from {{ ref('driftline_int_episodes') }} as a
    join {{ ref('driftline_int_judgements') }} as j
        on {{ driftline._same(series, 'j', 'a') }}
        and j.window_start between a.first_window_start and a.last_window_start
    join {{ ref('driftline_int_monitors') }} as m on m.monitor = j.monitor
    where j.is_breach
),

events as (
    {{ driftline._events() }}
),

explained as (
    select
        b.alert_id, b.period, b.window_start,
        max(case when y.event is null then e.event end) as event,
        max(y.event) as held_against
    from breaches as b
    left join events as e
        on (e.monitor is null or e.monitor = b.monitor)
        and (e.moves is null or e.moves in (b.family, b.metric, b.column_name))
        and {{ driftline._event_fills('b', 'e') }}
    left join {{ ref('driftline_business') }} as y
        on b.family = 'business' and b.baseline = 'trailing' and b.metric = y.metric
        and {{ driftline._same(['monitor', 'model_version', 'segment', 'segment_value', 'window_periods',
            'window_start'], 'y', 'b') }}
    group by b.alert_id, b.period, b.window_start
)

select
    alert_id,
    {{ driftline._as_text('max(event)') }} as event
from explained
group by alert_id
having count(event) > 0 and count(held_against) = 0
    and count(*) - count(event) < max(case
        {%- for period, opening in driftline._judge_rule().opening.items() %}
        when period = '{{ period }}' then {{ opening.breaches }}
        {%- endfor %}
    end)
{%- else -%}{{ driftline._empty() }}{%- endif %}
