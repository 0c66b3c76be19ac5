{#
    How the change points of a series are looked for (docs/measures.md). The limit goes with the other numbers: the rate
    of false alarms was measured for them together (tests/measures/test_changes.py).

    allowance        what a window must be off by, in standard deviations, before it counts towards a change
    cut              a window counts as at most this many standard deviations off, so that no change is made of one
                     window
    limit            the CUSUM that is more than noise
    seasons          how many seasons back the same season is looked at
    least_seasons    how many there must be, of least_windows windows before and least_residuals residuals
#}
{% macro _change_rule() %}
    {{- return({'allowance': 0.5, 'cut': 2.5, 'limit': 8, 'seasons': 8, 'least_seasons': 2, 'least_windows': 5,
        'least_residuals': 8}) -}}
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
    {%- for count in range(1, window.season + 1) if not whole and (count * size) % window.season == 0 -%}
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
