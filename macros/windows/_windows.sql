{#
    The windows of each kind of period: list of {period, sizes, season, trailing}, all in periods.

    sizes     lengths of the rolling windows (var driftline_windows)
    season    how far back the same season lies (var driftline_season)
    trailing  length of the trailing baseline (var driftline_trailing)

    every     of kinds, too, that no monitor has
#}
{% macro _windows(every=false) %}
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
            {%- if period not in sizes or numbers is string or numbers is not sequence or numbers | length == 0
                or numbers | select('number') | select('ge', 1) | list | length != numbers | length
                or numbers | map('int') | list != numbers | list -%}
                {{- exceptions.raise_compiler_error("driftline: var '" ~ name ~ "': given "
                    ~ tojson(given[name][1] | string) ~ "; allowed: {hour, day, week or month: "
                    ~ ('[whole numbers of periods]' if name == 'driftline_windows' else 'a whole number of periods')
                    ~ '}') -}}
            {%- endif -%}
        {%- endfor -%}
        {%- do given[name][0].update(given[name][1] or {}) -%}
    {%- endfor -%}
    {%- set windows = [] -%}
    {%- for period in (sizes if every else driftline._periods()) -%}
        {%- do windows.append({'period': period, 'sizes': sizes[period] | unique | sort, 'season': season[period],
            'trailing': trailing[period]}) -%}
    {%- endfor -%}
    {{- return(windows) -}}
{% endmacro %}


{#
    The frames of a window of `size` periods: baseline → {nearest, farthest}, how many periods before the window's last
    one the baseline ends and begins.

    window    the window itself
    previous  the window of the same length just before
    trailing  the `trailing` periods just before
    seasonal  the window shifted back by whole seasons, as few as leave no overlap
#}
{% macro _frames(window, size) %}
    {%- set shift = ((size + window.season - 1) // window.season) * window.season -%}
    {{- return({
        'window': {'nearest': 0, 'farthest': size - 1},
        'previous': {'nearest': size, 'farthest': 2 * size - 1},
        'trailing': {'nearest': size, 'farthest': size + window.trailing - 1},
        'seasonal': {'nearest': shift, 'farthest': shift + size - 1},
    }) -}}
{% endmacro %}


{#
    Rolling sums over a dense series (one row per key and period, no gaps), for every window that driftline_int_frames
    has, and next to each the same sums over the baselines that come before it. Groups that are not detailed have no
    such baselines (NULL), unless a threshold asks for them.

    dense       name of the CTE: period, period_index, first_index (of the whole monitor), and the keys and measures
    keys        list of column names, slice_no among them
    measures    list of {name, aggregate (sum, min or max), baselines (also over the baselines)}
    everywhere  baselines for groups that are not detailed too
    baseline    only windows that are held against it; `window`: all
    leaves      whether `dense` has `leaves`, 1 in periods that no baseline is to hold

    Returns <keys>, period_index (of the last period), window_periods, <measure>, previous_<measure>,
    trailing_<measure>,
    seasonal_<measure>, first_index.
#}
{% macro _roll(dense, keys, measures, everywhere=false, baseline='window', leaves=false) %}
    {%- set everywhere = everywhere or driftline._lengths_asked().has_more_baselines -%}
    {%- set halves = [none] if everywhere or not measures | selectattr('baselines') | list else [true]
        if not driftline._has_versions_or_segments() else [true, false] -%}
    {%- for window in driftline._windows() -%}
    {%- set outer = loop -%}
    {%- for size in window.sizes -%}
    {%- set inner = loop -%}
    {%- for is_detailed in halves %}
    select {{ keys | join(', ') }}, period_index, {{ size }} as window_periods,
        {%- for measure in measures -%}
        {{ driftline._roll_measure(measure, keys, driftline._frames(window, size), is_detailed, leaves) }}
        {%- endfor %}
        first_index
    from {{ dense }}
    where period = '{{ window.period }}'
        and slice_no in ({{ driftline._groups_with(window.period, size, is_detailed, baseline) }})
    {{ 'union all' if not (loop.last and inner.last and outer.last) }}
    {%- endfor -%}
    {%- endfor -%}
    {%- endfor -%}
{% endmacro %}


{#
    One measure of _roll over the window and its baselines; is_detailed none: for all groups alike. Of the trailing
    baseline the periods that leave are left out; a previous or seasonal window a quarter of which leaves is none.
#}
{% macro _roll_measure(measure, keys, frames, is_detailed, leaves=false) %}
    {%- for baseline in (frames if measure.baselines else ['window']) %}
        {%- set frame = frames[baseline] -%}
        {%- set name = measure.name if baseline == 'window' else baseline ~ '_' ~ measure.name -%}
        {#- A baseline window that reaches back before the first period would be a shorter one: there is none then. -#}
        {%- set whole = baseline in ['previous', 'seasonal'] %}
        {%- set over %}
over (
            partition by {{ keys | join(', ') }} order by period_index
            rows between {{ frame.farthest }} preceding
                and {{ frame.nearest ~ ' preceding' if frame.nearest else 'current row' }}
        )
        {%- endset %}
        {%- if baseline != 'window' and is_detailed is false %}
        cast(null as {{ driftline._type_double() }}) as {{ name }},
        {%- else %}
        {%- set left = leaves and baseline != 'window' %}
        {{ 'case when period_index - ' ~ frame.farthest ~ ' >= first_index' if whole -}}
        {%- if whole and left %}
            and 4 * sum(leaves) {{ over }} < {{ frame.farthest - frame.nearest + 1 }}
        {%- endif %}
        {{- ' then ' if whole else '\n        ' -}}
        {{ measure.aggregate }}({{ 'case when leaves = 0 then ' ~ measure.name ~ ' end' if left and not whole
            else measure.name }}) {{ over }}{{ ' end' if whole }} as {{ name }},
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}


{#
    The groups that have windows of a length that are held against a baseline, as a subquery; is_detailed true or false:
    of those that are or are not.
#}
{% macro _groups_with(period, size, is_detailed, baseline) %}
            select g.slice_no as slice_no
            from {{ ref('driftline_int_slices') }} as g
            join {{ ref('driftline_int_frames') }} as f on f.monitor = g.monitor and f.is_detailed = g.is_detailed
            where f.period = '{{ period }}' and f.window_periods = {{ size }} and f.baseline = '{{ baseline }}'
                {%- if baseline != 'window' %} and g.is_shown{% endif %}
                {%- if is_detailed is not none %} and {{ 'not ' if not is_detailed }}g.is_detailed{% endif %}
        {% endmacro %}
