{#
    The settings of driftline_comparisons, checked:

    traffic          {monitor: {version: share}} (var driftline_traffic)
    lower_is_better  list of business metrics (var driftline_lower_is_better)
    minimal_effect   {metric: difference} (var driftline_minimal_effect)
    planned_rows     rows of each version at which looking all the time costs least (var driftline_planned_rows)
    min_rows         rows of each version a verdict takes (var driftline_comparison_min_rows)
    rows_per_unit    {monitor: rows} that go to one version together (var driftline_rows_per_unit)
    champions        how many others a version is compared with (var driftline_champions)
#}
{% macro _comparison_settings() %}
    {%- set settings = {
        'traffic': driftline._var('driftline_traffic', {}) or {},
        'lower_is_better': driftline._var('driftline_lower_is_better', []) or [],
        'minimal_effect': driftline._var('driftline_minimal_effect', {}) or {},
        'planned_rows': driftline._var('driftline_planned_rows', 5000),
        'min_rows': driftline._var('driftline_comparison_min_rows', 100),
        'rows_per_unit': driftline._var('driftline_rows_per_unit', {}) or {},
        'champions': driftline._var('driftline_champions', 2),
    } -%}
    {%- for name, variable in {'planned_rows': 'driftline_planned_rows', 'min_rows': 'driftline_comparison_min_rows',
        'champions': 'driftline_champions'}.items() -%}
        {%- set value = settings[name] -%}
        {%- if not driftline._is_finite(value) or value < 1 or value | int != value -%}
            {{- exceptions.raise_compiler_error("driftline: var '" ~ variable ~ "': given " ~ tojson(value | string)
                ~ '; allowed: a whole number from 1') -}}
        {%- endif -%}
    {%- endfor -%}
    {%- set lower = settings.lower_is_better -%}
    {%- if lower is string or lower is mapping or lower is not sequence or lower | reject('string') | list -%}
        {{- exceptions.raise_compiler_error("driftline: var 'driftline_lower_is_better': given "
            ~ tojson(lower | string) ~ "; allowed: a list of business metrics' names") -}}
    {%- endif -%}
    {%- for name, allowed in {'minimal_effect': '{metric: a difference over 0}',
        'rows_per_unit': '{monitor: a number of rows over 0}'}.items() -%}
        {%- set given = settings[name] -%}
        {%- set ns = namespace(good=given is mapping) -%}
        {%- for key in (given if given is mapping else []) -%}
            {%- if not driftline._is_finite(given[key]) or given[key] <= 0 -%}{%- set ns.good = false -%}{%- endif -%}
        {%- endfor -%}
        {%- if not ns.good -%}
            {{- exceptions.raise_compiler_error("driftline: var 'driftline_" ~ name ~ "': given "
                ~ tojson(given | string) ~ '; allowed: ' ~ allowed) -}}
        {%- endif -%}
    {%- endfor -%}
    {%- set traffic = settings.traffic -%}
    {%- set ns = namespace(good=traffic is mapping) -%}
    {%- for monitor in (traffic if traffic is mapping else []) -%}
        {%- if traffic[monitor] is not mapping -%}{%- set ns.good = false -%}{%- endif -%}
        {%- for version in (traffic[monitor] if traffic[monitor] is mapping else []) -%}
            {%- set share = traffic[monitor][version] -%}
            {%- if not driftline._is_finite(share) or share <= 0 -%}{%- set ns.good = false -%}{%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if not ns.good -%}
        {{- exceptions.raise_compiler_error("driftline: var 'driftline_traffic': given " ~ tojson(traffic | string)
            ~ '; allowed: {monitor: {version: share over 0}}') -}}
    {%- endif -%}
    {{- return(settings) -}}
{% endmacro %}


{#
    Sums over the windows of the usual sizes (span `window`) and over everything up to a period (span `cumulative`), for
    relations that have rows only for the periods that count.

    relation  name of the relation: period, period_index, first_index, counts (1 for a period that counts), the keys
              and the sums
    keys      list of column names
    sums      list of column names

    Returns <keys>, period, period_index, span, size (0 for cumulative), window_periods, periods (how many count),
    <sums>.
#}
{% macro _roll_spans(relation, keys, sums) %}
    select {{ keys | join(', ') }}, period, period_index, span, size, window_periods, periods, {{ sums | join(', ') }}
    from (
        {%- for window in driftline._windows() -%}
        {%- for size in window.sizes %}
        {%- set ranges = [] %}
        {%- set frame = driftline._range(keys, 'period_index', size - 1, 0) %}
        {%- set columns -%}
            {{ keys | join(', ') }}, period, period_index, first_index, {{ driftline._text('window') }} as span,
            {{ size }} as size,
            cast({{ size }} as {{ dbt.type_bigint() }}) as window_periods,
            {{ driftline._as_sum(driftline._over_range(ranges, 'sum(counts)', frame)) }} as periods
            {%- for name in sums %}, {{ driftline._over_range(ranges, 'sum(' ~ name ~ ')', frame) }} as {{ name }}
            {%- endfor %}
        {%- endset %}
        {{- driftline._select_over_ranges(ranges, columns, relation, condition="period = '" ~ window.period ~ "'") }}
        union all
        {%- endfor -%}
        {%- endfor %}
        {%- set frame = '(partition by ' ~ keys | join(', ') ~ ' order by period_index rows unbounded preceding)' %}
        select
            {{ keys | join(', ') }}, period, period_index, first_index, {{ driftline._text('cumulative') }}, 0,
            period_index - min(period_index) over {{ frame }} + 1,
            {{ driftline._as_sum('sum(counts) over ' ~ frame) }}
            {%- for name in sums %}, sum({{ name }}) over {{ frame }}{% endfor %}
        from {{ relation }}
    ) as spans
    -- A window that would begin before the first period is none.
    where span = 'cumulative' or period_index - size + 1 >= first_index
{% endmacro %}


{#
    The performance metrics that are compared by the sums of periods, as SQL over the sums <measure>_v, _w, _d2:

    base      the measure whose rows are counted
    n, d      numerator and denominator; n2, d2, nd: their squares and product, summed over rows
    share     1 where every row is 0 or 1 of its denominator
    measures  those it needs
#}
{% macro _compared_metrics() %}
    {%- set metrics = {} -%}
    {%- for metric in driftline._metrics() if metric.get('compared') == 'sums' -%}
        {%- set base = metric.top.keys() | first -%}
        {%- set n = driftline._sum_of_terms(metric.top, row='') -%}
        {%- set compared = {
            'name': metric.name, 'base': base, 'share': 1 if metric.chance == 'share' else 0,
            'n': n, 'n2': n, 'nd': n, 'd': base ~ '_w', 'd2': base ~ '_w',
            'measures': metric.top.keys() | list + metric.get('bottom', {}).keys() | list,
        } -%}
        {%- if metric.chance == 'mean' -%}
            {%- do compared.update({'n2': driftline._sum_of_terms(metric.top, '_d2', row='')}) -%}
        {%- elif metric.bottom is defined -%}
            {#- A row is of one outcome only, so squares and products are those of how often it counts. -#}
            {%- set terms = {'n2': {}, 'd2': {}, 'nd': {}} -%}
            {%- for outcome, times in metric.bottom.items() -%}
                {%- set above = metric.top.get(outcome, 0) -%}
                {%- do terms.n2.update({outcome: above * above}) -%}
                {%- do terms.d2.update({outcome: times * times}) -%}
                {%- do terms.nd.update({outcome: above * times}) -%}
            {%- endfor -%}
            {%- do compared.update({'d': driftline._sum_of_terms(metric.bottom, row='')}) -%}
            {%- for part in terms -%}
                {%- do compared.update({part: driftline._sum_of_terms(terms[part], row='')}) -%}
            {%- endfor -%}
        {%- endif -%}
        {%- do metrics.update({metric.name ~ ' ' ~ base: compared}) -%}
    {%- endfor -%}
    {{- return(metrics.values() | list) -}}
{% endmacro %}


{# From how many periods on what varies between them is believed. #}
{% macro _least_periods() %}
    {{- return(8) -}}
{% endmacro %}
