{{ config(materialized='table', contract={'enforced': driftline._enforce_contract()}) }}
{%- set group = ['monitor', 'model_version', 'segment', 'segment_value'] %}
{%- set measure = ['family', 'metric', 'column_name', 'baseline'] %}
{%- set subject = ['monitor'] + measure %}
{%- set series = group + ['window_periods'] + measure %}
{%- set window = group + ['window_periods', 'window_start'] %}

-- What stands now: of each series the newest complete window, what it is held against, and whether it was judged. What
-- waits for labels shows the newest window that has them; where none has, the newest, which says so.
with windows as (
    select {{ window | join(', ') }}, period_index, is_retired from {{ ref('driftline_int_newest') }}
    union
    -- What compares the values of a segment stands beside the total.
    select w.monitor, w.model_version, g.segment, 'all', w.window_periods, w.window_start, w.period_index, w.is_retired
    from {{ ref('driftline_int_newest') }} as w
    join {{ ref('driftline_groups') }} as g
        on g.monitor = w.monitor and g.model_version = w.model_version and g.source = 'relation' and g.segment <> 'all'
    where w.segment = 'all'
    union
    -- A ratio that has no denominator has no row: its newest may be an older one.
    select {{ 'w.' ~ window | join(', w.') }}, w.period_index, n.is_retired
    from (
        select {{ group | join(', ') }}, window_periods, max(window_start) as window_start
        from {{ ref('driftline_performance') }}
        where is_complete
        group by {{ group | join(', ') }}, window_periods, metric, class_name, basis
    ) as p
    join {{ ref('driftline_windows') }} as w on {{ driftline._same(window, 'w', 'p') }} and w.source = 'relation'
    join {{ ref('driftline_int_newest') }} as n
        on n.group_no = w.group_no and n.window_periods = w.window_periods and n.is_newest
),

newest as (
    select
        windows.*,
        cast(max(period_index) over (partition by monitor) - period_index as {{ dbt.type_int() }}) as periods_behind
    from windows
),

candidates as (
    select
        m.*, w.is_retired, w.periods_behind,
        row_number() over (
            partition by {{ 'm.' ~ series | join(', m.') }}
            order by case when m.is_complete then 0 else 1 end, m.window_start desc
        ) as place
    from {{ ref('driftline_metrics') }} as m
    join newest as w on {{ driftline._same(window, 'w', 'm') }}
),

ruled as (
    {{ driftline._ruled('(select * from candidates where place = 1)') }}
),

judged as (
    select j.*
    from {{ ref('driftline_judgements') }} as j
    join newest as w on {{ driftline._same(window, 'w', 'j') }}
),

-- The windows that are judged where these are not.
lengths as (
    select {{ subject | join(', ') }}, min(window_periods) as judged_periods
    from {{ ref('driftline_judgements') }}
    group by {{ subject | join(', ') }}
),

alerts as (
    select {{ series | join(', ') }}, min(alert_id) as alert_id
    from {{ ref('driftline_episodes') }}
    where status = 'open'
    group by {{ series | join(', ') }}
)

select
    m.monitor, m.model_version, m.segment, m.segment_value, m.window_periods, m.window_start, m.window_end, m.is_total,
    m.family, m.metric, m.column_name, m.column_role, m.column_kind, m.baseline, m.is_complete,
    m.value, m.row_count, m.baseline_row_count, m.expected, coalesce(m.judged_value, m.value) as judged_value, m.noise,
    j.effect, m.compare, m.direction, m.warn, m.critical,
    j.monitor is not null and j.not_judged is null as is_judged,
    coalesce(j.is_breach, false) as is_breach,
    coalesce(j.is_critical, false) as is_critical,
    {{ driftline._as_text("case
        when j.monitor is not null then j.not_judged
        when m.enabled = 0 then 'switched off'
        when m.warn is null and m.critical is null then 'no threshold'
        when m.versions <> 'each' and m.model_version <> 'all' then 'its threshold is for the total of all versions'
        when m.segments <> 'each' and m.segment <> 'all' then 'its threshold is for the total of all segments'
        when not m.is_complete then 'labels are still missing'
        when m.value is null then coalesce(m.reason, 'there is no value')
        when l.judged_periods <> m.window_periods
            then 'windows of ' || cast(l.judged_periods as " ~ dbt.type_string() ~ ") || ' ' || m.period
                || case when l.judged_periods = 1 then '' else 's' end || ' are judged'
        else 'windows of this length are not judged'
    end") }} as not_judged,
    a.alert_id, m.is_retired, m.periods_behind, m.reason
from ruled as m
left join judged as j on {{ driftline._same(series + ['window_start'], 'j', 'm') }}
left join lengths as l on {{ driftline._same(subject, 'l', 'm') }}
left join alerts as a on {{ driftline._same(series, 'a', 'm') }}
