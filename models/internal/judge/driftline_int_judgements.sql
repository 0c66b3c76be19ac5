{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}
{%- set overrides = driftline._threshold_overrides() -%}
{%- set named = overrides | selectattr('metric', 'defined') | map(attribute='metric') | unique | list %}
{%- set rule = driftline._judge_rule() %}
{%- set text_min_rows = driftline._as_text('cast(min_rows as ' ~ dbt.type_bigint() ~ ')') %}
{%- set subject = ['monitor', 'family', 'metric', 'column_name', 'baseline'] %}

-- Every window that has a threshold: whether it could be judged, how large its effect is, and whether it breaches.
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

-- The totals' windows that tell how many rows are usual: those of the reference, which stay the same; where it has no
-- time of its own, the first ones.
counted as (
    select
        {{ subject | join(', ') }}, window_periods,
        case when row_count >= min_rows then 1 else 0 end as has_enough,
        case when window_start >= {{ driftline._as_timestamp('reference_start') }}
            and window_end <= {{ driftline._as_timestamp('reference_end') }} then 1 else 0 end as of_reference,
        case when row_number() over (partition by {{ subject | join(', ') }}, segment, window_periods
            order by window_start) <= {{ rule.first_windows }} then 1 else 0 end as is_early
    from asked
    where windows = 'shortest' and model_version = 'all' and segment_value = 'all' and row_count > 0
),

lengths as (
    select
        {{ subject | join(', ') }}, window_periods,
        case when sum(of_reference) > 0 then 2 * sum(of_reference * has_enough) >= sum(of_reference)
            else 2 * sum(is_early * has_enough) >= sum(is_early) end as is_enough
    from counted
    group by {{ subject | join(', ') }}, window_periods
),

-- The shortest windows are judged, of those that gather enough rows more often than not; where none do, the longest.
chosen as (
    select
        {{ subject | join(', ') }}, min(window_periods) as shortest,
        coalesce(min(case when is_enough then window_periods end), max(window_periods)) as window_periods
    from lengths
    group by {{ subject | join(', ') }}
),

usual_lengths as (
    select monitor, min(window_periods) as window_periods from {{ ref('driftline_int_windows') }} group by monitor
),

-- Versions and segments have few lengths: the next longer one is judged, where there is none the longest.
own_lengths as (
    select
        g.monitor, g.model_version, g.segment, g.segment_value, w.window_periods as wanted,
        coalesce(min(case when f.window_periods >= w.window_periods then f.window_periods end),
            max(f.window_periods)) as window_periods
    from {{ ref('driftline_int_slices') }} as g
    join {{ ref('driftline_int_frames') }} as f
        on f.monitor = g.monitor and f.is_detailed = g.is_detailed and f.baseline = 'reference'
    join (select distinct monitor, window_periods from {{ ref('driftline_int_frames') }}) as w on w.monitor = g.monitor
    where g.source = 'relation' and not g.is_detailed
    group by g.monitor, g.model_version, g.segment, g.segment_value, w.window_periods
),

effects as (
    select
        a.*,
        coalesce(a.judged_value, a.value) - case when a.compare = 'value' then 0e0 else a.expected end as difference,
        case
            when a.compare = 'value' then coalesce(a.judged_value, a.value)
            when a.compare = 'difference' then coalesce(a.judged_value, a.value) - a.expected
            -- What comes where nothing was is a change by all of itself.
            else (coalesce(a.judged_value, a.value) - a.expected) / nullif(
                case when a.expected = 0 then abs(coalesce(a.judged_value, a.value)) else abs(a.expected) end, 0)
        end as signed_effect,
        case when a.windows = 'each' then 'asked for'
            when a.window_periods <> coalesce(c.window_periods, u.window_periods)
                then 'the only length of versions and segments'
            when a.window_periods > c.shortest
            then 'shorter windows have fewer than ' || {{ text_min_rows }} || ' rows'
            else 'shortest' end as chosen_because
    from asked as a
    left join chosen as c on {{ driftline._same(subject, 'c', 'a') }}
    left join usual_lengths as u on u.monitor = a.monitor
    left join own_lengths as o
        on {{ driftline._same(['monitor', 'model_version', 'segment', 'segment_value'], 'o', 'a') }}
        and o.wanted = coalesce(c.window_periods, u.window_periods)
    where a.windows = 'each' or a.window_periods = coalesce(o.window_periods, c.window_periods, u.window_periods)
),

directed as (
    select
        e.*,
        case when direction = 'below' then - signed_effect when direction = 'both' then abs(signed_effect)
            else signed_effect end as effect,
        case when direction = 'below' then - difference when direction = 'both' then abs(difference)
            else difference end as directed_difference,
        -- What differs in the last digits only is the same number.
        {{ rule.margin }} * abs(judged_noise)
            + {{ rule.rounding }} * (abs(value) + abs(coalesce(expected, 0e0))) as margin,
        -- Of a business metric the baseline's rows are those that are usual: a sum is judged by them where they fail to
        -- come. Freshness and volume are about how many rows there are; that there are none at all is freshness's to
        -- tell, once. What fell to 0 in a version or segment that a project asks about is told.
        case when family = 'business' and row_count = 0 and model_version = 'all' and segment = 'all'
                then 'no rows in the window'
            when family = 'business' and greatest(row_count, coalesce(baseline_row_count, 0)) < min_rows
                or family not in ('business', 'freshness', 'volume') and row_count < min_rows
                then 'fewer than ' || {{ text_min_rows }} || ' rows'
            when family <> 'business' and baseline_row_count < min_rows
                then 'fewer than ' || {{ text_min_rows }} || ' rows in the baseline'
            when signed_effect is null then 'nothing to compare with'
            when judged_noise is null then 'its noise is not known yet'
        end as not_judged,
        case
            {%- for period in rule.opening %}
            when period = '{{ period }}' then {{ rule.opening[period].breaches }}
            {%- endfor %}
        end as usual_breaches,
        case
            {%- for period in rule.opening %}
            when period = '{{ period }}' then {{ rule.opening[period].within }}
            {%- endfor %}
        end as usual_within
    from effects as e
),

compared as (
    select
        d.*,
        not_judged is null and directed_difference > judged_noise + margin as is_over_noise,
        not_judged is null and directed_difference > {{ rule.clearly }} * judged_noise + margin as is_clear,
        not_judged is null and {{ driftline._exceeds('effect', 'coalesce(warn, critical)') }} as is_over,
        not_judged is null and {{ driftline._exceeds('effect', 'critical') }} as is_over_critical,
        coalesce(own_consecutive, default_consecutive, usual_breaches) as consecutive,
        coalesce(own_within, own_consecutive, default_consecutive, usual_within) as within
    from directed as d
)

select
    monitor, model_version, segment, segment_value, window_periods, window_start, window_end,
    -- What is told is what was judged.
    family, metric, column_name, column_role, baseline, coalesce(judged_value, value) as value, expected,
    judged_noise as noise,
    effect, direction, compare, warn, critical, cast(consecutive as {{ dbt.type_int() }}) as consecutive,
    cast(case when within < consecutive then consecutive else within end as {{ dbt.type_int() }}) as within,
    cast(coalesce(own_consecutive, usual_breaches) as {{ dbt.type_int() }}) as quiet_to_end,
    {{ driftline._as_text('chosen_because') }} as chosen_because, {{ driftline._as_text('not_judged') }} as not_judged,
    coalesce(is_over_noise and is_over, false) as is_breach,
    coalesce(is_over_noise and is_over_critical, false) as is_critical,
    coalesce(is_clear and is_over_critical and at_once = 1, false) as opens_at_once,
    -- Quiet is what has clearly come back, not what hovers at a threshold.
    not_judged is null and not coalesce(is_over_noise and is_over, false)
        and (directed_difference <= {{ rule.quiet }} * judged_noise + margin
            or effect <= {{ rule.quiet }} * coalesce(warn, critical)) as is_quiet
from compared
{%- else -%}{{ driftline._empty() }}{%- endif %}
