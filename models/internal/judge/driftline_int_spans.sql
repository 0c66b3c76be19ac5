{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}
{%- set keys = ['monitor', 'model_version', 'segment', 'segment_value', 'window_periods', 'family', 'metric',
    'column_name', 'baseline'] %}
{%- set series = keys | join(', ') %}
{%- set rule = driftline._judge_rule() %}
{%- set of_one = keys | reject('in', ['family', 'metric']) | list %}
{%- set lap_of_b = 'b.' ~ keys | join(', b.') ~ ', b.block, b.lap' %}

-- The episodes of each series: where one begins, goes on and ends. They follow from the judgements alone, so a second
-- run cannot double one or lose one.
with noisy as (
    select distinct {{ series }} from {{ ref('driftline_int_judgements') }} where is_breach
),

-- A group is gone where the monitor's rows go on without it; where all have stopped it is the feed.
newest as (
    select w.monitor, coalesce(max(r.ended_at), max(w.window_end)) as ended_at
    from {{ ref('driftline_int_windows') }} as w
    left join ({{ driftline._last_rows() }}) as r
        on r.monitor = w.monitor and r.model_version = 'all' and r.segment = 'all'
    where w.is_complete
    group by w.monitor
),

judged as (
    select
        {{ driftline._all_of('j') }}, n.ended_at as newest_end, {{ driftline._shape_measure('j') }} as shape,
        case
            {%- for period in rule.silence %}
            when m.period = '{{ period }}' then {{ rule.silence[period] }}
            {%- endfor %}
        end as silence,
        lag(j.window_start) over (partition by {{ 'j.' ~ keys | join(', j.') }} order by j.window_start) as start_before
    from {{ ref('driftline_int_judgements') }} as j
    join noisy as x on {{ driftline._same(keys, 'x', 'j') }}
    join {{ ref('driftline_int_monitors') }} as m on m.monitor = j.monitor
    left join newest as n on n.monitor = j.monitor
    where j.not_judged is null
),

-- How a column is distributed is one fact: a measure of all of it opens at once where a finer one is certain of what it
-- sees, too, and is not quiet while a finer one breaches.
together as (
    select
        {{ series }}, window_start, window_end, newest_end, silence, start_before, shape, value, expected, noise,
        effect, direction, compare, warn, critical, consecutive, within, quiet_to_end, is_breach, is_critical,
        opens_at_once or shape = 'whole' and is_breach and at_once and max(case when shape = 'finer' and opens_at_once
            then 1 else 0 end) over (partition by {{ of_one | join(', ') }}, shape is null, window_start) = 1
            as opens_at_once,
        is_quiet and not (shape = 'whole' and max(case when shape = 'finer' and is_breach
            then 1 else 0 end) over (partition by {{ of_one | join(', ') }}, shape is null, window_start) = 1)
            as is_quiet
    from judged
),

-- Windows that could not be judged neither continue an episode nor end it; a long silence does.
blocks as (
    select
        t.*,
        sum(
            case when {{ driftline._bounds_between('start_before', 'window_start', 'day') }} > silence then 1 else 0 end
        ) over (partition by {{ series }} order by window_start rows unbounded preceding) as block
    from together as t
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
            = coalesce(max(case when not is_quiet then place end)
                over (partition by {{ series }}, block order by place rows unbounded preceding), 0)
            then 1 else 0 end as is_end
    from placed
),

laps as (
    select
        ends.*,
        coalesce(sum(is_end) over (partition by {{ series }}, block order by place
            rows between unbounded preceding and 1 preceding), 0) as lap
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
        {{ lap_of_b }}, b.window_end as opened_at,
        coalesce(f.place, b.place) as first_place,
        case when b.opens_at_once and b.is_critical then 1 else 0 end as is_far_out,
        row_number() over (partition by {{ lap_of_b }} order by b.place) as opening_no
    from breaches as b
    left join breaches as f
        on {{ driftline._same(keys + ['block', 'lap'], 'f', 'b') }}
        and f.breach_no = b.breach_no - b.consecutive + 1 and f.place > b.place - b.within
    where b.opens_at_once or f.place is not null
),

members as (
    select
        b.*, o.opened_at, o.is_far_out,
        row_number() over (partition by {{ lap_of_b }} order by b.place desc) as from_last,
        row_number() over (partition by {{ lap_of_b }}
            order by {{ driftline._by_nine_digits('b.effect') }} desc, b.place) as by_effect
    from breaches as b
    join openings as o
        on {{ driftline._same(keys + ['block', 'lap'], 'o', 'b') }}
        and o.opening_no = 1 and b.place >= o.first_place
),

-- How each lap ended: by quiet windows, or by a silence (before more windows, or of a group that is gone); or not yet.
outcomes as (
    select
        {{ series }}, block, lap,
        max(window_end) as judged_until, max(case when is_end = 1 then window_end end) as quiet_at,
        case when max(block) < max(last_block) then 1
            when (segment_value <> 'all' or model_version <> 'all')
                and {{ driftline._bounds_between('max(window_end)', 'max(newest_end)', 'day') }} > max(silence) then 1
            else 0 end as is_silent
    from laps
    group by {{ series }}, block, lap
),

episodes as (
    select
        {{ series }}, block, lap, max(shape) as shape,
        min(window_start) as first_window_start, max(window_start) as last_window_start,
        max(window_end) as last_window_end, count(*) as windows_breached, min(opened_at) as opened_at,
        max(case when is_critical then 1 else 0 end) as is_critical,
        {%- for field in ['value', 'expected', 'noise', 'warn', 'critical', 'compare', 'direction'] %}
        max(case when from_last = 1 then {{ field }} end) as {{ field }},
        {%- endfor %}
        max(case when by_effect = 1 then value end) as peak_value,
        max(case when by_effect = 1 then effect end) as peak_effect,
        avg(value) as mean_value, avg(expected) as mean_expected,
        max(is_far_out) = 1 as opened_far_out
    from members
    group by {{ series }}, block, lap
),

spans as (
    select
        {{ driftline._all_of('e') }}, o.quiet_at, o.judged_until, r.is_retired, r.no_rows_since,
        case when o.quiet_at is not null then o.quiet_at
            when o.is_silent = 1 or r.is_retired = 1 then o.judged_until end as resolved_at,
        case when e.is_critical = 1 then coalesce(e.critical, e.warn) else coalesce(e.warn, e.critical) end
            as threshold
    from episodes as e
    join outcomes as o on {{ driftline._same(keys + ['block', 'lap'], 'o', 'e') }}
    left join {{ ref('driftline_int_last_rows') }} as r on {{ driftline._same(keys[:4], 'r', 'e') }}
),

-- The first breach of a finer measure while no measure of the whole has an alert: what it sees alone.
alone as (
    select {{ driftline._named('m', keys) }}, m.block as block, m.lap as lap, min(m.window_end) as opened_at
    from members as m
    left join spans as w
        on {{ driftline._same(of_one, 'w', 'm') }} and w.shape = 'whole'
        and w.opened_at <= m.window_end and (w.resolved_at is null or w.resolved_at > m.window_end)
    where m.shape = 'finer' and m.window_end >= m.opened_at and w.monitor is null
    group by {{ 'm.' ~ keys | join(', m.') }}, m.block, m.lap
)

select
    {{ driftline._named('s', keys) }}, s.first_window_start, s.last_window_start, s.last_window_end, s.windows_breached,
    coalesce(a.opened_at, s.opened_at) as opened_at, s.is_critical, s.value, s.expected, s.noise, s.compare,
    s.direction, s.peak_value, s.peak_effect, s.mean_value, s.mean_expected, s.opened_far_out, s.quiet_at,
    s.judged_until, s.is_retired, s.no_rows_since, s.resolved_at, s.threshold,
    -- What is seen with the whole is evidence of its alert.
    coalesce(s.shape = 'finer', false) and a.opened_at is null as is_evidence
from spans as s
left join alone as a on {{ driftline._same(keys + ['block', 'lap'], 'a', 's') }}
{%- else -%}{{ driftline._empty() }}{%- endif %}
