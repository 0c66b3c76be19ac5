{#
    How the change points of a series are looked for (docs/measures.md). The limit goes with the other numbers: the rate
    of false alarms was measured for them together (tests/measures/test_changes.py).

    allowance        what a window must be off by, in standard deviations, before it counts towards a change
    cut              a window counts as at most this many standard deviations off, so that no change is made of one
                     window
    limit            the CUSUM that is more than noise
    seasons          how many seasons back the same season is looked at
    least_seasons    how many there must be, of least_windows windows before and least_residuals residuals
    newest           windows whose mean tells whether a change is over: the fewest that make an alarm, at `cut` each
    most_rows        a window counts for at most this many times the rows of a mean one, of itself and rows_of before
#}
{% macro _change_rule() %}
    {{- return({'allowance': 0.5, 'cut': 2.5, 'limit': 8, 'seasons': 8, 'least_seasons': 2, 'least_windows': 5,
        'least_residuals': 8, 'newest': 4, 'most_rows': 10, 'rows_of': 24}) -}}
{% endmacro %}


{#
    The spans the series of one kind of period are looked at with, for windows of the shortest length: {size, season,
    level, scale, guard, memory}; all but size are numbers of windows.

    window  an item of _windows()

    season  windows in a season; 1 where each window holds whole seasons
    level   windows the level is taken from: at least 24 of them, so that their noise is known, and whole seasons
    scale   windows the noise is taken from
    guard   the newest windows, which neither is taken from: a change should not hide itself
    memory  windows a CUSUM looks back over, so that it forgets a change that has become the level
#}
{% macro _change_spans(window) %}
    {%- set size = window.sizes | first -%}
    {#- The least common multiple of window and season; the window's length comes first in the multiples of it. -#}
    {%- set whole = [] -%}
    {%- for count in range(1, window.season + 1) if (count * size) % window.season == 0 -%}
        {%- do whole.append(count) -%}
    {%- endfor -%}
    {%- set season = whole[0] -%}
    {%- set least = [24, window.trailing // size] | max -%}
    {%- set level = least if season > least else (least + season - 1) // season * season -%}
    {{- return({'size': size, 'season': season, 'level': level, 'scale': 2 * level, 'guard': level // 4,
        'memory': level // 2}) -}}
{% endmacro %}


{# The kinds of periods with their spans: list of {period, spans}. #}
{% macro _change_windows() %}
    {%- set windows = [] -%}
    {%- for window in driftline._windows() -%}
        {%- do windows.append({'period': window.period, 'spans': driftline._change_spans(window)}) -%}
    {%- endfor -%}
    {{- return(windows) -}}
{% endmacro %}


{#
    The frames that a series is looked at through, as _range makes them.

    spans  what _change_spans returned

    near, guarded, before, block, scale, recent, memory  of windows of one phase: all at the level, those that are
                  guarded, the one before, as many as are guarded, those the noise is taken from, those of the trend,
                  those of a CUSUM
    season_around, same_season, half_season  the season around a window, the same window of earlier seasons, and how
                  many periods of the season lie before it; only where there is a season
#}
{% macro _change_frames(spans) %}
    {%- set s = spans -%}
    {%- set within = ['chain_no', 'phase'] -%}
    {%- set frames = {
        'near': [s.level, 1], 'guarded': [s.level + s.guard, s.guard + 1], 'scale': [s.scale + s.guard, s.guard + 1],
        'before': [1, 1], 'block': [s.guard - 1, 0], 'recent': [s.level - 1, 0], 'memory': [s.memory - 1, 0],
    } -%}
    {%- set found = {} -%}
    {%- for name, ends in frames.items() -%}
        {%- do found.update({name: driftline._range(within, 'period_index', ends[0] * s.size, ends[1] * s.size)}) -%}
    {%- endfor -%}
    {%- set season = s.season * s.size -%}
    {%- set half = (s.season - 1) // 2 * s.size -%}
    {%- do found.update({
        'half_season': half,
        'season_around': driftline._range(within, 'period_index', half, -(s.season // 2 * s.size)),
        'same_season': driftline._range(['chain_no', 'mod(period_index, ' ~ season ~ ')'], 'period_index',
            driftline._change_rule().seasons * season, season),
    }) -%}
    {{- return(found) -}}
{% endmacro %}


{# How much more sums of windows scatter than their number says, where a window is like the one before. #}
{% macro _variance_factor() %}
    {{- return('(1e0 + autocorrelation) / (1e0 - autocorrelation)') -}}
{% endmacro %}


{# The CTEs `standardised` and `scored`: residual and trend against what chance makes of them; from the CTE `scaled`. #}
{% macro _standardised_series() %}
    {%- set enough = 'trend_count >= ' ~ driftline._change_rule().least_residuals -%}
    {%- set varies = 'yy > 0 and sqrt(yy) > 1e-10 * coalesce(abs(level), 0e0)' %}
standardised as (
    select
        s.*,
        residual / (scale * sqrt({{ driftline._variance_factor() }})) as t_score,
        case when {{ enough }} and autocorrelation is not null then trend_xy / trend_xx end as trend,
        case when {{ enough }} then sqrt(
            greatest(trend_yy - trend_xy * (trend_xy / trend_xx), 0e0) / trend_xx / (trend_count - 2e0)
            * {{ driftline._variance_factor() }}
        ) end as trend_standard_error,
        trend_count - 2e0 as trend_df
    from (
        select
            s.*,
            -- As for the residuals; the periods of eight windows always vary.
            case when {{ varies }} then xy else 0e0 end as trend_xy,
            case when {{ varies }} then yy else 0e0 end as trend_yy,
            nullif(xx, 0) as trend_xx
        from scaled as s
    ) as s
),

scored as (
    select
        s.*,
        {{ driftline._student_score('t_score', 'error_count') }} as z_score,
        trend / nullif(trend_standard_error, 0) as trend_t
    from standardised as s
)
{% endmacro %}


{#
    The standard normal value that is as far out as a value of Student's t: G. W. Hill, Algorithm 395, Comm. ACM 13
    (1970); to 1e-5 from 8 degrees of freedom up. SQL; both arguments are repeated, so pass columns.

    t   a double
    nu  degrees of freedom, a double
#}
{% macro _student_score(t, nu) %}
    {%- set size = '(case when abs(' ~ t ~ ') > 1e6 then 1e6 else abs(' ~ t ~ ') end)' -%}
    {%- set y = '((' ~ nu ~ ' - 0.5e0) * ln(1e0 + ' ~ size ~ ' * ' ~ size ~ ' / ' ~ nu ~ '))' -%}
    {%- set b = '(48e0 * (' ~ nu ~ ' - 0.5e0) * (' ~ nu ~ ' - 0.5e0))' -%}
    case
        when abs({{ t }}) < 1e-8 then 0e0 * {{ t }}
        else sign({{ t }}) * sqrt({{ y }}) * (1e0 + (
            {{ y }} + 3e0 - (((0.4e0 * {{ y }} + 3.3e0) * {{ y }} + 24e0) * {{ y }} + 85.5e0)
            / (0.8e0 * {{ y }} * {{ y }} + 100e0 + {{ b }})
        ) / {{ b }})
    end
{% endmacro %}


{# What the long form calls the history of a measure: <family>_<metric>. c is the alias of driftline_changes. #}
{% macro _change_metric(c) %}
    {{- return(driftline._as_text(c ~ ".family || '_' || " ~ c ~ '.metric')) -}}
{% endmacro %}
