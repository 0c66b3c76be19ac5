{#
    What is summed over whole rows, in one pass: the rows themselves, the business metrics, and what performance needs.
    In the state each becomes a row of kind `measure` whose bin_kind is its name.
#}

{# The performance measures and their numbers as bins of the column `*`: these numbers must never change. #}
{% macro _measure_numbers() %}
    {{- return({
        'known': 0, 'labelled': 1, 'true_positive': 2, 'false_positive': 3, 'false_negative': 4, 'true_negative': 5,
        'predicted_positive': 6, 'log_loss': 7, 'squared_error': 8, 'label': 9, 'correct': 10,
        'absolute_error': 11, 'error': 12, 'percentage_error': 13, 'squared_log_error': 14,
        'hit': 15, 'ndcg': 16, 'reciprocal_rank': 17,
    }) -}}
{% endmacro %}


{#
    <keys>, row_count, weight_sum, weight_sq_sum; per metric n<no>, n<no>_sq, n<no>_rows (numerator: sum, sum of
    squares, rows that have one), d<no>, d<no>_sq (denominator), nd<no> (product); per base of rows (known, labelled,
    scored, m<no>) its <base>_n, <base>_w, <base>_w2; per performance measure m<no>, m<no>_sq.

    measures   the performance measures of the monitor; a source that cannot have one gives NULL
    has_label  whether the monitor has labels
#}
{% macro _sum_measures(declaration, rows, keys, measures, has_label) %}
    {%- set weighted = rows.weight is not none -%}
    {%- set w = 'w * ' if weighted else '' -%}
    {%- set none_here = driftline._as_double('null') -%}
    {%- set own = {} -%}
    {%- set own_bases = [] -%}
    {%- for measure in (rows.outcome.measures if rows.outcome.labelled is not none else []) -%}
        {%- do own.update({measure.name: measure}) -%}
        {%- if measure.base == 'own' -%}{%- do own_bases.append(measure.key) -%}{%- endif -%}
    {%- endfor -%}
    {%- set bases = driftline._outcome_bases(rows, measures) -%}
    {%- set values = driftline._metric_values(rows) + driftline._measure_values(rows, bases) -%}
    {#- Deviations of a label that is a number are taken from its frozen centre. -#}
    {%- set centre = rows.label_centre if rows.outcome.is_number else '0e0' %}
    select
        {{ driftline._key_list(rows, grouping=true) }}, count(*) as row_count,
        {{ 'sum(w)' if weighted else driftline._as_sum('count(*)') }} as weight_sum,
        {{ 'sum(w * w)' if weighted else driftline._as_sum('count(*)') }} as weight_sq_sum
        {%- for metric in declaration.metrics -%}
        {%- set x = 'x' ~ metric.no -%}{%- set y = 'y' ~ metric.no -%}
        {%- set ratio = rows.measures and metric.denominator is not none %},
        {{ 'sum(' ~ w ~ x ~ ')' if rows.measures else none_here }} as n{{ metric.no }},
        {{ 'sum(' ~ w ~ driftline._squared(x) ~ ')' if rows.measures else none_here }} as n{{ metric.no }}_sq,
        {{ 'count(' ~ x ~ ')' if rows.measures else '0' }} as n{{ metric.no }}_rows,
        {{ 'sum(' ~ w ~ y ~ ')' if ratio else none_here }} as d{{ metric.no }},
        {{ 'sum(' ~ w ~ driftline._squared(y) ~ ')' if ratio else none_here }} as d{{ metric.no }}_sq,
        {{ 'sum(' ~ w ~ driftline._product(x, y) ~ ')' if ratio else none_here }} as nd{{ metric.no }}
        {%- endfor -%}
        {%- for base in driftline._measure_bases(measures, has_label) -%}
        {%- set here = base in bases or base in own_bases %},
        {{ 'count(' ~ base ~ ')' if here else '0' }} as {{ base }}_n,
        {{ driftline._weight_of(base, 'w', weighted) if here else none_here }} as {{ base }}_w,
        {{ driftline._weight_of(base, 'w * w', weighted) if here else none_here }} as {{ base }}_w2
        {%- endfor -%}
        {%- for measure in measures -%}
        {%- set x = 'm' ~ driftline._measure_numbers()[measure.name] -%}
        {%- set square = driftline._squared('(' ~ x ~ ' - ' ~ centre ~ ')' if measure.deviation else x) %},
        {{ 'sum(' ~ w ~ x ~ ')' if measure.name in own else none_here }} as {{ x }},
        {{ 'sum(' ~ w ~ square ~ ')' if measure.name in own else none_here }} as {{ x }}_sq
        {%- endfor %}
    from ({{ driftline._select_rows_once(rows, values) }}) as r
    group by {{ driftline._group_by(rows, []) }}
{% endmacro %}


{# The weight (or what is made of it) of the rows that have a value. #}
{% macro _weight_of(value, weight, weighted) %}
    {%- if not weighted -%}{{- return(driftline._as_sum('count(' ~ value ~ ')')) -}}{%- endif -%}
    {{- return('sum(case when ' ~ value ~ ' is not null then ' ~ weight ~ ' else 0 end)') -}}
{% endmacro %}


{# The rows that measures may be of in this source: {known, labelled, scored: SQL of the condition}. #}
{% macro _outcome_bases(rows, measures) %}
    {%- if rows.outcome.labelled is none -%}{{- return({}) -}}{%- endif -%}
    {%- set bases = {'known': rows.outcome.label_known, 'labelled': rows.outcome.labelled} -%}
    {%- if rows.outcome.s is not none and measures -%}
        {%- do bases.update({'scored': '(' ~ rows.outcome.s ~ ') is not null'}) -%}
    {%- endif -%}
    {{- return(bases) -}}
{% endmacro %}


{# The business metrics as columns of the rows: x<no> the numerator, y<no> the denominator. #}
{% macro _metric_values(rows) %}
    {%- set values = [] -%}
    {%- for metric in rows.metrics -%}
        {#- A label that became known after the run's clock is not known yet, in an expression either. -#}
        {%- set known_by_now = rows.outcome.known_by_now if metric.names_label else none -%}
        {%- set x = driftline._finite(metric.numerator) -%}
        {%- set x = 'case when ' ~ known_by_now ~ ' then ' ~ x ~ ' end' if known_by_now is not none else x -%}
        {%- do values.append({'name': 'x' ~ metric.no, 'sql': x}) -%}
        {%- if metric.denominator is not none -%}
            {#- A row whose numerator is not known belongs in no denominator. -#}
            {%- set y = driftline._finite(metric.denominator) -%}
            {%- do values.append({'name': 'y' ~ metric.no,
                'sql': 'case when (' ~ x ~ ') is not null then ' ~ y ~ ' end'}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(values) -}}
{% endmacro %}


{# The measures of the model as columns of the rows: the bases, and m<number> the value. #}
{% macro _measure_values(rows, bases) %}
    {%- set values = [] -%}
    {%- for base in bases -%}
        {%- do values.append({'name': base, 'sql': 'case when ' ~ bases[base] ~ ' then 1 end'}) -%}
    {%- endfor -%}
    {%- for measure in (rows.outcome.measures if bases else []) -%}
        {%- set x = measure.x -%}
        {%- if measure.base != 'own' -%}
            {%- set x = 'case when ' ~ bases[measure.base] ~ ' then ' ~ x ~ ' end' -%}
        {%- endif -%}
        {%- do values.append({'name': 'm' ~ driftline._measure_numbers()[measure.name], 'sql': x}) -%}
    {%- endfor -%}
    {{- return(values) -}}
{% endmacro %}


{# The names of the bases of a list of performance measures. #}
{% macro _measure_bases(measures, has_label) %}
    {%- set names = ['known', 'labelled'] if has_label else [] -%}
    {%- for measure in measures -%}
        {%- if measure.key not in names -%}{%- do names.append(measure.key) -%}{%- endif -%}
    {%- endfor -%}
    {{- return(names) -}}
{% endmacro %}


{# A double, NULL where it is no finite number. #}
{% macro _finite(expression) %}
    {{- return('case when ' ~ expression ~ ' between -1e300 and 1e300 then ' ~ expression ~ ' end') -}}
{% endmacro %}


{# The rows of CTE `measures` in the shape of CTE `counted`: one for all rows, and those of each metric and measure. #}
{% macro _measure_rows(declaration, keys, measures, has_label) %}
    {%- set keys = keys | join(', ') -%}
    {%- set empty = driftline._as_double('null') -%}
    {%- set tail -%}
        {{ empty }} as value_min, {{ empty }} as value_max, {{ empty }} as out_of_range_weight
        {%- for name in driftline._outcome_names() %}, {{ empty }} as {{ name }}{% endfor %}
    {%- endset %}
    select
        20000 as column_no, {{ keys }}, 0 as bin, 'rows' as bin_kind, row_count, weight_sum, weight_sq_sum,
        {{ empty }} as value_sum, {{ empty }} as deviation_sq_sum, {{ tail }}
    from measures
    {%- for metric in declaration.metrics %}
    {%- set column = 10000 + metric.no %}
    union all
    select {{ column }}, {{ keys }}, 0, 'numerator', n{{ metric.no }}_rows, weight_sum, weight_sq_sum,
        n{{ metric.no }}, n{{ metric.no }}_sq, {{ tail }}
    from measures
    {%- if metric.denominator is not none %}
    union all
    select {{ column }}, {{ keys }}, 1, 'denominator', row_count, weight_sum, weight_sq_sum,
        d{{ metric.no }}, d{{ metric.no }}_sq, {{ tail }}
    from measures
    union all
    select {{ column }}, {{ keys }}, 2, 'product', row_count, weight_sum, weight_sq_sum,
        nd{{ metric.no }}, {{ empty }}, {{ tail }}
    from measures
    {%- endif %}
    {%- endfor %}
    {%- set numbers = driftline._measure_numbers() -%}
    {%- for name in (['known', 'labelled'] if has_label else []) %}
    union all
    select 20001, {{ keys }}, {{ numbers[name] }}, '{{ name }}', {{ name }}_n, {{ name }}_w, {{ name }}_w2,
        {{ name }}_w, {{ name }}_w, {{ tail }}
    from measures
    {%- endfor %}
    {%- for measure in measures %}
    {%- set no = numbers[measure.name] %}
    union all
    select 20001, {{ keys }}, {{ no }}, '{{ measure.name }}',
        {{ measure.key }}_n, {{ measure.key }}_w, {{ measure.key }}_w2, m{{ no }}, m{{ no }}_sq, {{ tail }}
    from measures
    where {{ measure.key }}_n > 0
    {%- endfor %}
{% endmacro %}
