{{ driftline._result('table') }}
{%- if driftline._is_needed(['business']) -%}
{%- set has_events = driftline._has_events() -%}
{%- set z = driftline._normal_tail(driftline._alpha() / 2) -%}
{%- set windows = ['slice_no', 'column_no', 'window_periods'] -%}
{%- set apart = windows + ['mod(period_index, window_periods)'] -%}
{%- set series = apart | join(', ') -%}
{%- set unit = driftline._business_unit() -%}
{%- set trailing = 'range between ' ~ unit ~ ' preceding and 1 preceding' -%}
{%- set twice = 'range between ' ~ 2 * unit ~ ' preceding and 1 preceding' -%}
{#- The same window of at most 8 seasons before; fewer than 3 tell nothing. -#}
{%- set levels = [
    {'name': 'trailing_median', 'x': 'usual_value', 'partition': series, 'order': 'place', 'frame': trailing},
    {'name': 'usual_rows', 'x': 'usual_n', 'partition': series, 'order': 'place', 'frame': trailing},
    {'name': 'season_median', 'x': 'case when season_phase is not null then usual_value end',
        'partition': series ~ ', season_phase',
        'order': 'season_no', 'frame': 'range between 8 preceding and 1 preceding'},
] -%}
{%- set scales = [
    {'name': 'trailing_error', 'x': 'trailing_residual', 'partition': series, 'order': 'place', 'frame': twice},
    {'name': 'season_error', 'x': 'season_residual', 'partition': series, 'order': 'place', 'frame': twice},
] %}

-- Business metrics, each beside what the windows before make expect. The expectation and its noise are made of medians,
-- so that one wild window, or a change that lasts, neither hides nor becomes what is usual (decision 19).
with levels as (
    {{ driftline._with_medians(ref('driftline_int_business_windows'), levels) }}
),

residuals as (
    select
        l.*,
        case when trailing_median_count >= 3 then abs(usual_value - trailing_median) end as trailing_residual,
        case when season_median_count >= 3 then abs(usual_value - season_median) end as season_residual
    from levels as l
),

-- How far each expectation was off in the windows before, in the unit of a standard deviation.
errors as (
    {{ driftline._with_medians('residuals', scales) }}
),

reference_levels as (
    {{ driftline._reference_levels(ref('driftline_int_business_windows'), z) }}
),

expectations as (
    select
        {{ driftline._all_of('c') }}, t.z, v.reference_noise,
        case when c.is_reference = -1 then v.reference_level end as reference_expected,
        case when is_seasonal then season_median else trailing_median end as expected,
        case when is_seasonal then season_error else trailing_error end as error,
        case when is_seasonal then season_error_count else trailing_error_count end as error_count,
        case when trailing_count >= 5
            then trailing_stddev * sqrt(1e0 + 1e0 / trailing_count)
                * {{ driftline._student_quantile('t.z', '(greatest(trailing_count, 5) - 1e0)') }}
        end as plain_noise
    from (
        select
            e.*,
            -- Until three seasons are known, a week's pattern looks like wild windows.
            season_phase is not null and season_error_count < 7 as is_early,
            -- Equal up to rounding is equal.
            season_error_count >= 7 and season_median_count >= 3
                and season_error <= 1.000001e0 * trailing_error
                    + 1e-12 * greatest(coalesce(abs(trailing_median), 0e0), 1e-280) as is_seasonal
        from errors as e
    ) as c
    cross join (select {{ z }} as z) as t
    left join reference_levels as v
        on {{ driftline._same(['slice_no', 'column_no', 'window_periods'], 'v', 'c') }}
        and v.phase = coalesce(c.season_phase, -1)
),

counted as (
    {{ driftline._count_noise('z') }}
),

-- A median absolute deviation tells the spread as a standard deviation of a third of the windows would; heavy tails
-- take some more off.
usual as (
    select
        n.*,
        case
            when plain_noise is null then null
            when robust_noise is null or is_early
                then greatest(plain_noise, coalesce(robust_noise, 0e0), coalesce(count_noise, 0e0))
            else greatest(robust_noise, coalesce(count_noise, 0e0))
        end as noise
    from (
        select
            {{ driftline._all_of('c') }},
            case when error_count >= 5
                then 1.4826e0 * error * {{ driftline._student_quantile('z', '(2e0 + error_count / 6e0)') }}
                end as robust_noise
        from counted as c
    ) as n
),

held as (
    {{ driftline._with_held('usual', apart, unit) }}
),

monthly as (
    {{ driftline._with_month('held', windows) }}
)
{%- if has_events %},

-- What the same event made of the usual a year earlier, it is expected to make of it now. What is less than usual
-- varies by more of itself, as counts do.
of_event as (
    select
        u.*, b.value as event_value,
        case when u.expected * b.expected > 0 then b.value / b.expected end as event_share,
        sqrt(greatest(1e0, abs(b.expected / nullif(b.value, 0e0)))
            * ({{ driftline._squared('u.noise / nullif(u.expected, 0e0)') }}
                + {{ driftline._squared('b.noise / nullif(b.expected, 0e0)') }})) as event_error,
        sqrt({{ driftline._squared('u.noise') }} + {{ driftline._squared('b.noise') }}) as plain_event_error
    from monthly as u
    left join usual as b
        on {{ driftline._same(['slice_no', 'column_no', 'window_periods'], 'b', 'u') }}
        and b.period_index = u.period_index - u.periods_back
)
{%- endif %}

select
    w.monitor as monitor, w.model_version as model_version, w.segment as segment, w.segment_value as segment_value,
    cast(t.window_periods as {{ dbt.type_int() }}) as window_periods, w.window_start as window_start, w.window_end,
    {{ driftline._is_total('w') }} as is_total,
    t.metric, w.is_complete,
    t.awaits_label = 0 or coalesce(y.is_mature, false) as is_mature,
    cast(t.n as {{ dbt.type_bigint() }}) as row_count,
    cast(t.numerator_n as {{ dbt.type_bigint() }}) as valued_row_count,
    {{ driftline._as_double('t.value') }} as value,
    {{ driftline._as_double('t.numerator') }} as numerator,
    {{ driftline._as_double('case when t.is_ratio = 1 then t.denominator end') }} as denominator,
    {{ driftline._as_double('t.previous_value') }} as previous_value,
    {{ driftline._as_double('t.reference_value') }} as reference_value,
    {{ driftline._as_double('t.trailing_mean') }} as trailing_mean,
    {{ driftline._as_double('case when t.trailing_count >= 5 then t.trailing_stddev end') }} as trailing_stddev,
    cast(t.trailing_count as {{ dbt.type_int() }}) as trailing_count,
    {{ driftline._as_double('(t.value - t.previous_value) / nullif(abs(t.previous_value), 0)') }} as change_previous,
    {{ driftline._as_double('(t.value - t.reference_value) / nullif(abs(t.reference_value), 0)') }} as change_reference,
    {{ driftline._as_double(
        'case when t.trailing_count >= 5 then (t.value - t.trailing_mean) / nullif(t.trailing_stddev, 0) end'
    ) }} as z_score,
    {{ driftline._as_double('t.seasonal_value') }} as seasonal_value,
    {{ driftline._as_double('(t.value - t.seasonal_value) / nullif(abs(t.seasonal_value), 0)') }} as change_seasonal,
    {{ driftline._as_double('t.reference_expected') }} as reference_expected,
    {{ driftline._as_double('case when t.reference_expected is not null'
        ~ ' then greatest(coalesce(t.reference_noise, 0e0), coalesce(t.count_noise, 0e0)) end') }} as reference_noise,
    coalesce(t.is_held, false) as is_held_against_reference,
    {%- set expected = 'coalesce(t.month_share * t.expected, t.expected)' %}
    {%- set noise = 'coalesce(t.month_noise, t.noise)' %}
    {%- if has_events %}
    {{ driftline._as_double('case when t.event_value is null then ' ~ expected
        ~ ' when t.event_share is null then t.event_value else t.event_share * t.expected end') }} as expected,
    {{ driftline._as_double('case when t.event_value is null then ' ~ noise
        ~ ' when t.event_share * t.event_error is null or t.event_share = 0 then t.plain_event_error'
        ~ ' else abs(t.event_share * t.expected) * t.event_error end') }} as noise,
    {{ driftline._as_text('case when t.event_value is not null then t.event end') }} as event,
    t.event_value is null and t.month_share is not null as is_monthly,
    {%- else %}
    {{ driftline._as_double(expected) }} as expected,
    {{ driftline._as_double(noise) }} as noise,
    {{ driftline._as_text('null') }} as event,
    t.month_share is not null as is_monthly,
    {%- endif %}
    cast(floor(t.usual_rows) as {{ dbt.type_bigint() }}) as usual_row_count,
    {{ driftline._as_text("case
        when t.n = 0 and t.is_ratio = 1 then 'no rows in the window'
        when t.numerator_n = 0 and t.n > 0 then 'no values in the window'
        when t.value is null then 'the denominator is zero'
        when t.trailing_count < 5 then 'fewer than 5 windows before, no z-score'
        when t.trailing_stddev = 0 then 'the windows before do not vary, no z-score'
    end") }} as reason
from {{ 'of_event' if has_events else 'monthly' }} as t
join {{ ref('driftline_int_windows') }} as w
    on w.slice_no = t.slice_no and w.window_periods = t.window_periods and w.period_index = t.period_index
    and w.source = 'relation'
left join {{ ref('driftline_int_maturity') }} as y
    on y.slice_no = t.slice_no and y.window_periods = t.window_periods and y.period_index = t.period_index
{%- else -%}{{ driftline._empty() }}{%- endif %}
