{#
    How many windows of a length the result tables keep (var driftline_retention): period → {length: number of windows}.
    Empty where the project does not say: then they keep all.

    Fewer than the trailing baseline holds would take windows from the judge that he still counts with.
#}
{% macro _retention() %}
    {%- set given = driftline._var('driftline_retention', {}) -%}
    {%- set windows = {} -%}
    {%- for window in driftline._windows(every=true) -%}{%- do windows.update({window.period: window}) -%}{%- endfor -%}
    {%- set kept = {} -%}
    {%- set wrong = [] -%}
    {%- if given is not none and given is not mapping -%}{%- do wrong.append('no mapping') -%}{%- endif -%}
    {%- for period in (given if given is mapping else {}) -%}
        {%- set window, lengths = windows.get(period), {} -%}
        {%- if window is none or given[period] is not mapping -%}
            {%- do wrong.append(period) -%}
        {%- else -%}
            {%- for length in given[period] -%}
                {%- set number = given[period][length] -%}
                {%- set size = window.sizes | select('equalto', length | string | int(-1)) | list -%}
                {%- if not size or number is not number or number is boolean or number < window.trailing
                    or number > 999999999 or number != number | int -%}
                    {%- do wrong.append(length) -%}
                {%- else -%}
                    {%- do lengths.update({size[0]: number | int}) -%}
                {%- endif -%}
            {%- endfor -%}
            {%- do kept.update({period: lengths}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if wrong -%}
        {{- exceptions.raise_compiler_error("driftline: var 'driftline_retention': given " ~ tojson(given | string)
            ~ '; allowed: {hour, day, week or month: {a length of driftline_windows: how many windows to keep, a whole'
            ~ ' number, not less than driftline_trailing}}') -}}
    {%- endif -%}
    {{- return(kept) -}}
{% endmacro %}


{#
    Where the windows that are kept begin, as a subquery: monitor, window_periods, kept_from (the start of the oldest
    window that is kept), reference_start, reference_end. Lengths of which all is kept have no row; none where the
    project says nothing of retention.

    Windows of the reference are kept whatever their age: they say how many rows are usual. Where it has no time of its
    own, the first windows say so.
#}
{% macro _retention_limits() %}
    {#- Named whether they are needed or not: what a model depends on is told before its variables are. -#}
    {%- set monitors, slices = ref('driftline_int_monitors'), ref('driftline_int_slices') -%}
    {%- set kept = driftline._retention() -%}
    {%- set limits = [] -%}
    {%- for period in kept -%}{%- for size in kept[period] -%}
        {%- do limits.append({'period': period, 'size': size, 'number': kept[period][size]}) -%}
    {%- endfor -%}{%- endfor -%}
    {%- if limits -%}
    (
        {%- for limit in limits %}
        select
            m.monitor, {{ limit.size }} as window_periods,
            {{ driftline._period_at(driftline._period_index('m.as_of', limit.period) ~ ' - '
                ~ (limit.number + limit.size - 1), limit.period) }} as kept_from,
            coalesce({{ driftline._as_timestamp('m.reference_start') }},
                {{ driftline._period_at('f.first_index', limit.period) }}) as reference_start,
            coalesce({{ driftline._as_timestamp('m.reference_end') }},
                {{ driftline._period_at('f.first_index + ' ~ driftline._judge_rule().first_windows, limit.period) }}
            ) as reference_end
        from {{ monitors }} as m
        join (
            select monitor, min(monitor_first_index) as first_index
            from {{ slices }}
            where source = 'relation'
            group by monitor
        ) as f on f.monitor = m.monitor
        where m.period = '{{ limit.period }}'
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    )
    {%- endif -%}
{% endmacro %}


{#
    The condition that a window is kept in the result tables; `true` where the project says nothing of retention. SQL.

    w  alias of a relation with window_periods, window_start and window_end
    m  alias of one with monitor, where w has none
#}
{% macro _is_retained(w, m=none) %}
    {%- set limits = driftline._retention_limits() | trim -%}
    {%- if not limits -%}{{- return('true') -}}{%- endif -%}
    not exists (
        select 1
        from {{ limits }} as l
        where l.monitor = {{ m or w }}.monitor and l.window_periods = {{ w }}.window_periods
            and {{ w }}.window_start < l.kept_from
            and ({{ w }}.window_end <= l.reference_start or {{ w }}.window_start >= l.reference_end)
    )
{%- endmacro %}
