{{ driftline._result('table') }}
{%- if driftline._is_needed() -%}
{%- set group = ['monitor', 'model_version', 'segment', 'segment_value'] %}
{%- set measure = ['family', 'metric', 'column_name', 'baseline'] %}
{%- set subject = ['monitor'] + measure %}
{%- set series = group + ['window_periods'] + measure %}

-- What stands now: of each series the newest complete window, what it is held against, whether it was judged and why
-- not, and its open alert.
with ruled as (
    {{ driftline._ruled(ref('driftline_int_latest')) }}
),

-- The windows that are judged where these are not.
lengths as (
    select {{ subject | join(', ') }}, min(window_periods) as judged_periods
    from {{ ref('driftline_int_judgements') }}
    group by {{ subject | join(', ') }}
),

alerts as (
    select {{ series | join(', ') }}, min(alert_id) as alert_id
    from {{ ref('driftline_int_episodes') }}
    where status = 'open'
    group by {{ series | join(', ') }}
)

select
    m.monitor as monitor, m.model_version as model_version, m.segment as segment, m.segment_value as segment_value,
    m.window_periods as window_periods, m.window_start as window_start, m.window_end as window_end, m.is_total,
    m.family as family, m.metric as metric, m.column_name as column_name, m.column_role as column_role, m.column_kind,
    m.baseline as baseline, m.is_complete,
    m.value as value, m.row_count, m.baseline_row_count, m.expected as expected,
    coalesce(m.judged_value, m.value) as judged_value, m.noise as noise,
    j.effect,
    -- Of two bounds the one that it was judged by.
    {%- for name in ['compare', 'direction', 'warn', 'critical'] %}
    case when j.effect is not null then j.{{ name }} else m.{{ name }} end as {{ name }},
    {%- endfor %}
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
            then 'windows of ' || cast(l.judged_periods as " ~ driftline._type_text() ~ ") || ' ' || m.period
                || case when l.judged_periods = 1 then '' else 's' end || ' are judged'
        else 'windows of this length are not judged'
    end") }} as not_judged,
    a.alert_id, m.is_retired, m.periods_behind, m.reason
from ruled as m
left join {{ ref('driftline_int_judgements') }} as j on {{ driftline._same(series + ['window_start'], 'j', 'm') }}
left join lengths as l on {{ driftline._same(subject, 'l', 'm') }}
left join alerts as a on {{ driftline._same(series, 'a', 'm') }}
{%- else -%}{{ driftline._empty() }}{%- endif %}
