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
    {%- for name, variable in {'planned_rows': 'driftline_planned_rows', 'min_rows': 'driftline_comparison_min_rows', 'champions': 'driftline_champions'}.items() -%}
        {%- set value = settings[name] -%}
        {%- if not driftline._is_finite(value) or value < 1 or value | int != value -%}
            {{- exceptions.raise_compiler_error("driftline: var '" ~ variable ~ "': given " ~ tojson(value | string) ~ '; allowed: a whole number from 1') -}}
        {%- endif -%}
    {%- endfor -%}
    {%- set lower = settings.lower_is_better -%}
    {%- if lower is string or lower is mapping or lower is not sequence or lower | reject('string') | list -%}
        {{- exceptions.raise_compiler_error("driftline: var 'driftline_lower_is_better': given " ~ tojson(lower | string) ~ "; allowed: a list of business metrics' names") -}}
    {%- endif -%}
    {%- for name, allowed in {'minimal_effect': '{metric: a difference over 0}', 'rows_per_unit': '{monitor: a number of rows over 0}'}.items() -%}
        {%- set given = settings[name] -%}
        {%- set ns = namespace(good=given is mapping) -%}
        {%- for key in (given if given is mapping else []) -%}
            {%- if not driftline._is_finite(given[key]) or given[key] <= 0 -%}{%- set ns.good = false -%}{%- endif -%}
        {%- endfor -%}
        {%- if not ns.good -%}
            {{- exceptions.raise_compiler_error("driftline: var 'driftline_" ~ name ~ "': given " ~ tojson(given | string) ~ '; allowed: ' ~ allowed) -}}
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
        {{- exceptions.raise_compiler_error("driftline: var 'driftline_traffic': given " ~ tojson(traffic | string) ~ '; allowed: {monitor: {version: share over 0}}') -}}
    {%- endif -%}
    {{- return(settings) -}}
{% endmacro %}


{#
    Sums over the windows of the usual sizes (span `window`) and over everything up to a period (span `cumulative`), for
    relations that have rows only for the periods that count.

    relation  name of the relation: period, period_index, first_index, counts (1 for a period that counts), the keys and the sums
    keys      list of column names
    sums      list of column names

    Returns <keys>, period, period_index, span, size (0 for cumulative), window_periods, periods (how many count), <sums>.
#}
{% macro _roll_spans(relation, keys, sums) %}
    {%- set partition = 'partition by ' ~ keys | join(', ') ~ ' order by period_index ' %}
    select {{ keys | join(', ') }}, period, period_index, span, size, window_periods, periods, {{ sums | join(', ') }}
    from (
        {%- for window in driftline._windows() -%}
        {%- for size in window.sizes %}
        {%- set frame = '(' ~ partition ~ 'range between ' ~ (size - 1) ~ ' preceding and current row)' %}
        select
            {{ keys | join(', ') }}, period, period_index, first_index, {{ driftline._text('window') }} as span, {{ size }} as size,
            cast({{ size }} as {{ dbt.type_bigint() }}) as window_periods,
            sum(counts) over {{ frame }} as periods
            {%- for name in sums %}, sum({{ name }}) over {{ frame }} as {{ name }}{% endfor %}
        from {{ relation }}
        where period = '{{ window.period }}'
        union all
        {%- endfor -%}
        {%- endfor %}
        {%- set frame = '(' ~ partition ~ 'rows unbounded preceding)' %}
        select
            {{ keys | join(', ') }}, period, period_index, first_index, {{ driftline._text('cumulative') }}, 0,
            period_index - min(period_index) over {{ frame }} + 1,
            sum(counts) over {{ frame }}
            {%- for name in sums %}, sum({{ name }}) over {{ frame }}{% endfor %}
        from {{ relation }}
    ) as spans
    -- A window that would begin before the first period is none.
    where span = 'cumulative' or period_index - size + 1 >= first_index
{% endmacro %}


{#
    The performance metrics that are ratios of sums over rows, from the measures of the state.

    base                    the measure whose rows are counted
    numerator, denominator  SQL over the sums <measure>_v and <measure>_w; their squares and product likewise
    share                   whether every row is 0 or 1 of its denominator
#}
{% macro _compared_metrics() %}
    {%- set metrics = [] -%}
    {%- for name, parts in {
        'accuracy': ['true_positive_v + true_negative_v', 'true_positive_w'],
        'precision': ['true_positive_v', 'true_positive_v + false_positive_v'],
        'recall': ['true_positive_v', 'true_positive_v + false_negative_v'],
        'specificity': ['true_negative_v', 'true_negative_v + false_positive_v'],
    }.items() -%}
        {%- do metrics.append({'name': name, 'base': 'true_positive', 'n': parts[0], 'd': parts[1], 'n2': parts[0], 'd2': parts[1], 'nd': parts[0], 'share': 1, 'higher': true}) -%}
    {%- endfor -%}
    {#- F1 is twice the true positives over these and the wrong ones, so a true positive counts 2 on both sides. -#}
    {%- set all_of_f1 = 'true_positive_v + false_positive_v + false_negative_v' -%}
    {%- do metrics.append({'name': 'f1', 'base': 'true_positive', 'n': '2e0 * true_positive_v', 'd': 'true_positive_v + ' ~ all_of_f1, 'n2': '4e0 * true_positive_v', 'd2': '3e0 * true_positive_v + ' ~ all_of_f1, 'nd': '4e0 * true_positive_v', 'share': 0, 'higher': true}) -%}
    {%- do metrics.append({'name': 'accuracy', 'base': 'correct', 'n': 'correct_v', 'd': 'correct_w', 'n2': 'correct_v', 'd2': 'correct_w', 'nd': 'correct_v', 'share': 1, 'higher': true}) -%}
    {%- do metrics.append({'name': 'hit_rate', 'base': 'hit', 'n': 'hit_v', 'd': 'hit_w', 'n2': 'hit_v', 'd2': 'hit_w', 'nd': 'hit_v', 'share': 1, 'higher': true}) -%}
    {%- for name, measure in {
        'brier': 'squared_error', 'log_loss': 'log_loss', 'mae': 'absolute_error', 'mape': 'percentage_error', 'msle': 'squared_log_error',
        'ndcg': 'ndcg', 'mrr': 'reciprocal_rank',
    }.items() -%}
        {%- do metrics.append({'name': name, 'base': measure, 'n': measure ~ '_v', 'd': measure ~ '_w', 'n2': measure ~ '_d2', 'd2': measure ~ '_w', 'nd': measure ~ '_v', 'share': 0, 'higher': name in ['ndcg', 'mrr']}) -%}
    {%- endfor -%}
    {{- return(metrics) -}}
{% endmacro %}


{# From how many periods on what varies between them is believed. #}
{% macro _least_periods() %}
    {{- return(8) -}}
{% endmacro %}
