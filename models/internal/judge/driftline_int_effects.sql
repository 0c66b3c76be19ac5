{{ config(materialized=driftline._step_materialization('part')) }}
{%- if driftline._is_needed() -%}
{%- set overrides = driftline._threshold_overrides() -%}
{%- set named = overrides | selectattr('metric', 'defined') | map(attribute='metric') | unique | list %}
{%- set rule = driftline._judge_rule() %}
{%- set bounds = ['', 'or_'] %}
{%- set text_min_rows = driftline._as_text('cast(min_rows as ' ~ dbt.type_bigint() ~ ')') %}
{%- set group = ['monitor', 'model_version', 'segment', 'segment_value'] %}
{%- set series = group + ['family', 'metric', 'column_name', 'baseline'] %}

-- Every window that has a threshold, and how large its effect is.
with ruled as (
    {{ driftline._ruled(ref('driftline_metrics')) }}
    where m.is_complete and m.value is not null
        and (s.metric is not null
        {%- if named %} or m.metric in ({% for metric in named %}{{ driftline._literal(metric) }}
            {{- ', ' if not loop.last }}{% endfor %}){% endif %})
),

asked as {{ driftline._computed_once() }} (
    select *
    from ruled
    where {{ driftline._asked() }}
),

-- The windows that tell how many rows are usual in a series: those of the reference, which stay the same; where it has
-- no time of its own, the first ones.
counted as (
    select
        {{ series | join(', ') }}, window_periods,
        case when row_count >= min_rows then 1 else 0 end as has_enough,
        case when {{ driftline._lies_between_ends() }} then 1 else 0 end as of_reference,
        case when row_number() over (partition by {{ series | join(', ') }}, window_periods
            order by window_start) <= {{ rule.first_windows }} then 1 else 0 end as is_early
    from asked
    where windows = 'shortest' and row_count > 0
),

lengths as (
    select
        {{ series | join(', ') }}, window_periods,
        case when sum(of_reference) > 0 then 2 * sum(of_reference * has_enough) >= sum(of_reference)
            else 2 * sum(is_early * has_enough) >= sum(is_early) end as is_enough
    from counted
    group by {{ series | join(', ') }}, window_periods
),

-- The shortest windows are judged, of those that gather enough rows more often than not; where none do, the longest.
chosen as (
    select
        {{ series | join(', ') }}, min(window_periods) as shortest,
        coalesce(min(case when is_enough then window_periods end), max(window_periods)) as window_periods
    from lengths
    group by {{ series | join(', ') }}
),

usual_lengths as (
    select monitor, min(window_periods) as window_periods from {{ ref('driftline_int_windows') }} group by monitor
),

-- Versions and segments have few lengths: where one has no rows to tell its own by, the next longer than the usual one
-- is judged, where there is none the longest.
own_lengths as (
    select
        g.monitor as monitor, g.model_version, g.segment, g.segment_value, w.window_periods as wanted,
        coalesce(min(case when f.window_periods >= w.window_periods then f.window_periods end),
            max(f.window_periods)) as window_periods
    from {{ ref('driftline_int_slices') }} as g
    join {{ ref('driftline_int_frames') }} as f
        on f.monitor = g.monitor and f.is_detailed = g.is_detailed and f.baseline = 'reference'
    join (select distinct monitor, window_periods from {{ ref('driftline_int_frames') }}) as w on w.monitor = g.monitor
    where g.source = 'relation' and not g.is_detailed
    group by g.monitor, g.model_version, g.segment, g.segment_value, w.window_periods
),

chosen_windows as (
    select
        {{ driftline._all_of('a') }}, coalesce(a.judged_value, a.value) as judged,
        case when a.windows = 'each' then 'asked for'
            when a.window_periods > c.shortest
                then 'shorter windows have fewer than ' || {{ text_min_rows }} || ' rows'
            when a.window_periods > u.window_periods and (a.model_version <> 'all' or a.segment_value <> 'all')
                then 'the only length of versions and segments'
            else 'shortest' end as chosen_because
    from asked as a
    left join chosen as c on {{ driftline._same(series, 'c', 'a') }}
    left join usual_lengths as u on u.monitor = a.monitor
    left join own_lengths as o
        on {{ driftline._same(group, 'o', 'a') }}
        and o.wanted = coalesce(c.window_periods, u.window_periods)
    where a.windows = 'each' or a.window_periods = coalesce(o.window_periods, c.window_periods, u.window_periods)
),

signed as (
    select
        w.*
        {%- for of in bounds %},
        {{ driftline._signed_effect(of) }} as {{ of }}signed_effect,
        judged - case when {{ of }}compare = 'value' then 0e0 else expected end as {{ of }}signed_difference
        {%- endfor %}
    from chosen_windows as w
),

directed as (
    select
        s.*
        {%- for of in bounds %},
        {{ driftline._directed(of ~ 'signed_effect', of) }} as {{ of }}effect,
        {{ driftline._directed(of ~ 'signed_difference', of) }} as {{ of }}difference
        {%- endfor %}
    from signed as s
)

-- A rule has one bound or two (or_…): a window is judged by the one that tells more.
select
    monitor, model_version, segment, segment_value, window_periods, window_start, window_end, period, family, metric,
    column_name, column_role, baseline, value, judged, expected, judged_noise, row_count, baseline_row_count, min_rows,
    over_noise, least_difference, at_once, own_consecutive, own_within, default_consecutive, chosen_because,
    case when {{ driftline._lies_between_ends() }} then 1 else 0 end as is_of_reference,
    case when direction = 'both' or or_direction = 'both' and coalesce(or_warn, or_critical) is not null
        then 1 else 0 end as is_two_sided,
    {%- for name in ['effect', 'difference', 'compare', 'direction', 'warn', 'critical'] %}
    case when is_second then or_{{ name }} else {{ name }} end as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
from (select d.*, {{ driftline._second_leads('d') }} as is_second from directed as d) as e
{%- else -%}{{ driftline._empty() }}{%- endif %}
