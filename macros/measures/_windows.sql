{#
    The windows of each kind of period: list of {period, sizes, season, trailing}, all in periods.

    sizes     lengths of the rolling windows (var driftline_windows)
    season    how far back the same season lies (var driftline_season)
    trailing  length of the trailing baseline (var driftline_trailing)
#}
{% macro _windows() %}
    {%- set sizes = {'hour': [1, 24, 168], 'day': [1, 7, 28], 'week': [1, 4, 13], 'month': [1, 3, 12]} -%}
    {%- set season = {'hour': 168, 'day': 7, 'week': 52, 'month': 12} -%}
    {%- set trailing = {'hour': 168, 'day': 28, 'week': 13, 'month': 12} -%}
    {%- set given = {'driftline_windows': [sizes, driftline._var('driftline_windows', {})],
        'driftline_season': [season, driftline._var('driftline_season', {})],
        'driftline_trailing': [trailing, driftline._var('driftline_trailing', {})]} -%}
    {%- for name in given -%}
        {%- for period in given[name][1] or {} -%}
            {%- set value = given[name][1][period] -%}
            {%- set numbers = value if name == 'driftline_windows' else [value] -%}
            {%- if period not in sizes or numbers is string or numbers is not sequence or numbers | length == 0 or numbers | select('number') | select('ge', 1) | list | length != numbers | length or numbers | map('int') | list != numbers | list -%}
                {{- exceptions.raise_compiler_error("driftline: var '" ~ name ~ "': given " ~ tojson(given[name][1] | string) ~ "; allowed: {hour, day, week or month: " ~ ('[whole numbers of periods]' if name == 'driftline_windows' else 'a whole number of periods') ~ '}') -}}
            {%- endif -%}
        {%- endfor -%}
        {%- do given[name][0].update(given[name][1] or {}) -%}
    {%- endfor -%}
    {%- set windows = [] -%}
    {%- for period in sizes -%}
        {%- do windows.append({'period': period, 'sizes': sizes[period] | unique | sort, 'season': season[period], 'trailing': trailing[period]}) -%}
    {%- endfor -%}
    {{- return(windows) -}}
{% endmacro %}


{#
    Rolling sums over a dense series (one row per key and period, no gaps), for every window size, and next to each the
    same sums over the three baselines that come before it:

    previous  the window of the same length just before
    trailing  the `trailing` periods just before
    seasonal  the window shifted back by whole seasons, as few as leave no overlap

    dense     name of the CTE: period, period_index, first_index (of the whole monitor) and the keys and measures
    keys      list of column names
    measures  list of {name, aggregate (sum, min or max), baselines (also over the baselines)}

    Returns <keys>, period_index (of the last period), window_periods, <measure>, previous_<measure>, trailing_<measure>,
    seasonal_<measure>.
#}
{% macro _roll(dense, keys, measures) %}
    {%- for window in driftline._windows() -%}
    {%- set outer = loop -%}
    {%- for size in window.sizes -%}
    {%- set shift = ((size + window.season - 1) // window.season) * window.season -%}
    {%- set frames = {
        '': [size - 1, 0],
        'previous_': [2 * size - 1, size],
        'trailing_': [size + window.trailing - 1, size],
        'seasonal_': [shift + size - 1, shift],
    } %}
    select {{ keys | join(', ') }}, period_index, {{ size }} as window_periods,
        {%- for measure in measures -%}
        {%- set several = not loop.last -%}
        {%- for prefix in (frames if measure.baselines else ['']) %}
        {#- A baseline window that reaches back before the first period would be a shorter one: there is none then. -#}
        {%- set whole = prefix in ['previous_', 'seasonal_'] %}
        {{ 'case when period_index - ' ~ frames[prefix][0] ~ ' >= first_index then ' if whole }}{{ measure.aggregate }}({{ measure.name }}) over (
            partition by {{ keys | join(', ') }} order by period_index
            rows between {{ frames[prefix][0] }} preceding and {{ frames[prefix][1] ~ ' preceding' if frames[prefix][1] else 'current row' }}
        ){{ ' end' if whole }} as {{ prefix }}{{ measure.name }}{{ ',' if not loop.last or several }}
        {%- endfor -%}
        {%- endfor %},
        first_index
    from {{ dense }}
    where period = '{{ window.period }}'
    {{ 'union all' if not (loop.last and outer.last) }}
    {%- endfor -%}
    {%- endfor -%}
{% endmacro %}
