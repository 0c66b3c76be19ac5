{{ config(materialized='table') }}
{%- set keys = ['monitor', 'model_version', 'segment', 'segment_value', 'window_periods', 'family', 'metric', 'column_name', 'baseline'] %}
{%- set series = keys | join(', ') %}
{%- set rule = driftline._judge_rule() %}
{%- set threshold = 'case when p.is_critical = 1 then coalesce(p.critical, p.warn) else coalesce(p.warn, p.critical) end' %}

-- What alerts are: episodes. They follow from the judgements alone, so a second run cannot double one or lose one.
with noisy as (
    select distinct {{ series }} from {{ ref('driftline_judgements') }} where is_breach
),

newest as (
    select monitor, window_periods, max(window_start) as window_start
    from {{ ref('driftline_windows') }}
    where is_complete
    group by monitor, window_periods
),

judged as (
    select
        j.*, n.window_start as newest_start,
        case
            {%- for period in rule.silence %}
            when m.period = '{{ period }}' then {{ rule.silence[period] }}
            {%- endfor %}
        end as silence,
        lag(j.window_start) over (partition by {% for key in keys %}j.{{ key }}{{ ', ' if not loop.last }}{% endfor %} order by j.window_start) as start_before
    from {{ ref('driftline_judgements') }} as j
    join noisy as x on {% for key in keys %}x.{{ key }} = j.{{ key }}{{ ' and ' if not loop.last }}{% endfor %}
    join {{ ref('driftline_int_monitors') }} as m on m.monitor = j.monitor
    left join newest as n on n.monitor = j.monitor and n.window_periods = j.window_periods
    where j.not_judged is null
),

-- Windows that could not be judged neither continue an episode nor end it; a long silence does.
blocks as (
    select
        judged.*,
        sum(case when {{ dbt.datediff('start_before', 'window_start', 'day') }} > silence then 1 else 0 end)
            over (partition by {{ series }} order by window_start rows unbounded preceding) as block
    from judged
),

placed as (
    select
        blocks.*,
        row_number() over (partition by {{ series }}, block order by window_start) as place,
        max(block) over (partition by {{ series }}) as last_block
    from blocks
),

-- A lap ends with the window that is the last of enough quiet ones in a row; in each there is one episode at most.
ends as (
    select
        placed.*,
        case when is_quiet and place - quiet_to_end
            = coalesce(max(case when not is_quiet then place end) over (partition by {{ series }}, block order by place rows unbounded preceding), 0)
            then 1 else 0 end as is_end
    from placed
),

laps as (
    select
        ends.*,
        coalesce(sum(is_end) over (partition by {{ series }}, block order by place rows between unbounded preceding and 1 preceding), 0) as lap
    from ends
),

breaches as (
    select laps.*, row_number() over (partition by {{ series }}, block, lap order by place) as breach_no
    from laps
    where is_breach
),

-- What opens an episode: one window far out, or as many breaches among the last windows as it takes.
openings as (
    select
        {% for key in keys %}b.{{ key }}, {% endfor %}b.block, b.lap, b.window_end as opened_at,
        coalesce(f.place, b.place) as first_place,
        row_number() over (partition by {% for key in keys %}b.{{ key }}, {% endfor %}b.block, b.lap order by b.place) as opening_no
    from breaches as b
    left join breaches as f
        on {% for key in keys %}f.{{ key }} = b.{{ key }} and {% endfor %}f.block = b.block and f.lap = b.lap
        and f.breach_no = b.breach_no - b.consecutive + 1 and f.place > b.place - b.within
    where b.opens_at_once or f.place is not null
),

members as (
    select
        b.*, o.opened_at,
        row_number() over (partition by {% for key in keys %}b.{{ key }}, {% endfor %}b.block, b.lap order by b.place desc) as from_last,
        row_number() over (partition by {% for key in keys %}b.{{ key }}, {% endfor %}b.block, b.lap order by b.effect desc, b.place) as by_effect
    from breaches as b
    join openings as o
        on {% for key in keys %}o.{{ key }} = b.{{ key }} and {% endfor %}o.block = b.block and o.lap = b.lap
        and o.opening_no = 1 and b.place >= o.first_place
),

-- How each lap ended: by quiet windows, or by a silence (before more windows, or of a group that is gone); or not yet.
outcomes as (
    select
        {{ series }}, block, lap, max(window_end) as judged_until, max(case when is_end = 1 then window_end end) as quiet_at,
        case when max(block) < max(last_block) then 1
            when (segment_value <> 'all' or model_version <> 'all')
                and {{ dbt.datediff('max(window_start)', 'max(newest_start)', 'day') }} > max(silence) then 1
            else 0 end as is_silent
    from laps
    group by {{ series }}, block, lap
),

episodes as (
    select
        {{ series }}, block, lap,
        min(window_start) as first_window_start, max(window_start) as last_window_start, max(window_end) as last_window_end,
        count(*) as windows_breached, min(opened_at) as opened_at,
        max(case when is_critical then 1 else 0 end) as is_critical,
        {%- for field in ['value', 'expected', 'noise', 'warn', 'critical', 'compare', 'direction'] %}
        max(case when from_last = 1 then {{ field }} end) as {{ field }},
        {%- endfor %}
        max(case when by_effect = 1 then value end) as peak_value
    from members
    group by {{ series }}, block, lap
),

finished as (
    select
        e.*, o.quiet_at, o.judged_until,
        case when o.quiet_at is not null then o.quiet_at when o.is_silent = 1 then o.judged_until end as resolved_at,
        case when e.is_critical = 1 then coalesce(e.critical, e.warn) else coalesce(e.warn, e.critical) end as threshold
    from episodes as e
    join outcomes as o
        on {% for key in keys %}o.{{ key }} = e.{{ key }} and {% endfor %}o.block = e.block and o.lap = e.lap
)

select
    p.monitor, p.model_version, p.segment, p.segment_value, p.window_periods,
    {{ dbt.hash(dbt.concat(["p.monitor", "'|'", "p.model_version", "'|'", "p.segment", "'|'", "p.segment_value", "'|'",
        driftline._as_text('p.window_periods'), "'|'", "p.family", "'|'", "p.metric", "'|'", "p.column_name", "'|'", "p.baseline", "'|'",
        driftline._as_text('p.first_window_start')])) }} as alert_id,
    p.family, p.metric, p.column_name, p.baseline,
    {{ driftline._as_text("case when p.is_critical = 1 then 'critical' else 'warn' end") }} as severity,
    {{ driftline._as_text("case when p.resolved_at is null then 'open' else 'resolved' end") }} as status,
    p.first_window_start, p.last_window_start, p.last_window_end,
    cast(p.windows_breached as {{ dbt.type_int() }}) as windows_breached,
    p.value, p.peak_value, p.expected, p.threshold, p.noise,
    {{ driftline._alert_message('p', 'm', 'c') }} as message,
    m.owner, p.opened_at, p.resolved_at
from finished as p
join {{ ref('driftline_int_monitors') }} as m on m.monitor = p.monitor
left join {{ ref('driftline_changes') }} as c
    on p.family = 'trend' and p.metric = {{ driftline._change_metric('c') }} and c.window_start = p.first_window_start
    {%- for key in keys if key not in ['family', 'metric', 'baseline'] %} and c.{{ key }} = p.{{ key }}{% endfor %}
