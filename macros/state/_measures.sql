{#
    What is summed over whole rows, in one pass: the rows themselves, the business metrics, and what performance needs.
    In the state each becomes a row of kind `measure` whose bin_kind is its name.
#}

{# The performance measures and their numbers as bins of the column `*`: these numbers must never change. #}
{% macro _measure_numbers() %}
    {{- return({
        'known': 0, 'labelled': 1, 'true_positive': 2, 'false_positive': 3, 'false_negative': 4, 'true_negative': 5,
        'predicted_positive': 6, 'log_loss': 7, 'squared_error': 8, 'label': 9, 'correct': 10, 'absolute_error': 11, 'error': 12,
        'percentage_error': 13, 'squared_log_error': 14, 'hit': 15, 'ndcg': 16, 'reciprocal_rank': 17,
    }) -}}
{% endmacro %}


{#
    <keys>, row_count, weight_sum, weight_sq_sum; per metric n<no>, n<no>_sq, n<no>_rows (numerator: sum, sum of squares, rows
    that have one), d<no>, d<no>_sq (denominator), nd<no> (product); per base of rows (known, labelled, scored, m<no>) its
    <base>_n, <base>_w, <base>_w2; per performance measure m<no>, m<no>_sq.

    measures   the performance measures of the monitor; a source that cannot have one gives NULL
    has_label  whether the monitor has labels
#}
{% macro _sum_measures(declaration, rows, keys, measures, has_label) %}
    {%- set weighted = rows.weight is not none -%}
    {%- set w = 'w * ' if weighted else '' -%}
    {%- set null_double = driftline._as_double('null') -%}
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
    {%- set bases = {} -%}
    {%- set own = {} -%}
    {%- if rows.outcome.labelled is not none -%}
        {%- do bases.update({'known': rows.outcome.label_known, 'labelled': rows.outcome.labelled}) -%}
        {%- if rows.outcome.s is not none and measures -%}{%- do bases.update({'scored': '(' ~ rows.outcome.s ~ ') is not null'}) -%}{%- endif -%}
        {%- for base in bases -%}
            {%- do values.append({'name': base, 'sql': 'case when ' ~ bases[base] ~ ' then 1 end'}) -%}
        {%- endfor -%}
        {%- for measure in rows.outcome.measures -%}
            {%- set x = measure.x if measure.base == 'own' else 'case when ' ~ bases[measure.base] ~ ' then ' ~ measure.x ~ ' end' -%}
            {%- do values.append({'name': 'm' ~ driftline._measure_numbers()[measure.name], 'sql': x}) -%}
            {%- do own.update({measure.name: measure}) -%}
        {%- endfor -%}
    {%- endif -%}
    {#- Deviations of a label that is a number are taken from its frozen centre. -#}
    {%- set centre = rows.label_centre if rows.outcome.is_number else '0e0' %}
    select
        {{ driftline._key_list(rows, grouping=true) }}, count(*) as row_count,
        {{ 'sum(w)' if weighted else 'count(*)' }} as weight_sum,
        {{ 'sum(w * w)' if weighted else 'count(*)' }} as weight_sq_sum
        {%- for metric in declaration.metrics -%}
        {%- set x = 'x' ~ metric.no -%}{%- set y = 'y' ~ metric.no -%}
        {%- set ratio = rows.measures and metric.denominator is not none %},
        {{ 'sum(' ~ w ~ x ~ ')' if rows.measures else null_double }} as n{{ metric.no }},
        {{ 'sum(' ~ w ~ driftline._squared(x) ~ ')' if rows.measures else null_double }} as n{{ metric.no }}_sq,
        {{ 'count(' ~ x ~ ')' if rows.measures else '0' }} as n{{ metric.no }}_rows,
        {{ 'sum(' ~ w ~ y ~ ')' if ratio else null_double }} as d{{ metric.no }},
        {{ 'sum(' ~ w ~ driftline._squared(y) ~ ')' if ratio else null_double }} as d{{ metric.no }}_sq,
        {{ 'sum(' ~ w ~ driftline._product(x, y) ~ ')' if ratio else null_double }} as nd{{ metric.no }}
        {%- endfor -%}
        {%- for base in driftline._measure_bases(measures, has_label) -%}
        {%- set here = base in bases or base in own.values() | selectattr('base', 'equalto', 'own') | map(attribute='key') | list %},
        {{ 'count(' ~ base ~ ')' if here else '0' }} as {{ base }}_n,
        {{ ('sum(case when ' ~ base ~ ' is not null then w else 0 end)' if weighted else 'count(' ~ base ~ ')') if here else null_double }} as {{ base }}_w,
        {{ ('sum(case when ' ~ base ~ ' is not null then w * w else 0 end)' if weighted else 'count(' ~ base ~ ')') if here else null_double }} as {{ base }}_w2
        {%- endfor -%}
        {%- for measure in measures -%}
        {%- set x = 'm' ~ driftline._measure_numbers()[measure.name] %},
        {{ 'sum(' ~ w ~ x ~ ')' if measure.name in own else null_double }} as {{ x }},
        {{ 'sum(' ~ w ~ driftline._squared('(' ~ x ~ ' - ' ~ centre ~ ')' if measure.deviation else x) ~ ')' if measure.name in own else null_double }} as {{ x }}_sq
        {%- endfor %}
    from ({{ driftline._select_rows(rows, values) }}) as r
    group by {{ driftline._group_by(rows, []) }}
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
    {%- set empty = driftline._as_double('null') -%}
    {%- set tail -%}
        {{ empty }} as value_min, {{ empty }} as value_max, {{ empty }} as out_of_range_weight
        {%- for name in driftline._outcome_names() %}, {{ empty }} as {{ name }}{% endfor %}
    {%- endset %}
    select 20000 as column_no, {{ keys | join(', ') }}, 0 as bin, 'rows' as bin_kind, row_count, weight_sum, weight_sq_sum,
        {{ empty }} as value_sum, {{ empty }} as deviation_sq_sum, {{ tail }}
    from measures
    {%- for metric in declaration.metrics %}
    union all
    select {{ 10000 + metric.no }}, {{ keys | join(', ') }}, 0, 'numerator', n{{ metric.no }}_rows, weight_sum, weight_sq_sum,
        n{{ metric.no }}, n{{ metric.no }}_sq, {{ tail }}
    from measures
    {%- if metric.denominator is not none %}
    union all
    select {{ 10000 + metric.no }}, {{ keys | join(', ') }}, 1, 'denominator', row_count, weight_sum, weight_sq_sum,
        d{{ metric.no }}, d{{ metric.no }}_sq, {{ tail }}
    from measures
    union all
    select {{ 10000 + metric.no }}, {{ keys | join(', ') }}, 2, 'product', row_count, weight_sum, weight_sq_sum,
        nd{{ metric.no }}, {{ empty }}, {{ tail }}
    from measures
    {%- endif %}
    {%- endfor %}
    {%- set numbers = driftline._measure_numbers() -%}
    {%- for name in (['known', 'labelled'] if has_label else []) %}
    union all
    select 20001, {{ keys | join(', ') }}, {{ numbers[name] }}, '{{ name }}', {{ name }}_n, {{ name }}_w, {{ name }}_w2, {{ name }}_w, {{ name }}_w, {{ tail }}
    from measures
    {%- endfor %}
    {%- for measure in measures %}
    union all
    select 20001, {{ keys | join(', ') }}, {{ numbers[measure.name] }}, '{{ measure.name }}', {{ measure.key }}_n, {{ measure.key }}_w, {{ measure.key }}_w2,
        m{{ numbers[measure.name] }}, m{{ numbers[measure.name] }}_sq, {{ tail }}
    from measures
    where {{ measure.key }}_n > 0
    {%- endfor %}
{% endmacro %}


{#
    Ranking metrics of whole lists: the grain, bin, bin_kind and the sums over requests whose rows all have a label, one of
    weight 1 each. The gain of a place is its label over log2(place + 1); the ideal list has the labels in descending
    order (Järvelin & Kekäläinen, ACM TOIS 20 (2002)). Rows that share a place share the discounts of the places they
    take up (the mean of them, as McSherry & Najork, ECIR 2008), so that no list is better than the ideal one. A label
    below 0 is no gain: such a list counts for no NDCG.

    segment  name in the grain of the segment that splits the lists, or none: in the total a list stays whole, whatever
             segments its rows are of
#}
{% macro _rank_requests(rows, segment) %}
    {%- set grain = [] -%}
    {%- for part in rows.grain if part.name == segment or not part.name.startswith('segment_') -%}
        {%- do grain.append(part) -%}
    {%- endfor -%}
    {%- set group_keys = grain | rejectattr('constant') | map(attribute='name') | join(', ') -%}
    {%- set ranking = rows.outcome.ranking -%}
    {%- set k = ranking.k -%}
    {%- set unweighted = {} -%}
    {%- do unweighted.update(rows) -%}
    {%- do unweighted.update({'weight': none, 'grain': grain, 'segment_sets': [[]]}) -%}
    {%- set discount = 'ln({0} + 1e0) / 0.6931471805599453e0' -%}
    {#- Rounding must not carry the ideal list over 1. -#}
    {%- set ndcg = 'least(coalesce(gain / nullif(ideal_gain, 0e0), 0e0), 1e0)' -%}
    {%- set numbers = driftline._measure_numbers() -%}
    {%- set values = [
        {'name': 'request', 'sql': ranking.request},
        {'name': 'place', 'sql': ranking.position},
        {'name': 'relevance', 'sql': ranking.relevance},
    ] %}
    select {{ driftline._key_list(unweighted) }}, numbered.bin, numbered.bin_kind, numbered.row_count, numbered.value_sum, numbered.deviation_sq_sum
    from (
        with placed as (
            select
                r.*,
                row_number() over (partition by {{ group_keys }}, request order by relevance desc) as ideal_place,
                -- A row is not further up than there are rows before it; those without a place take none.
                greatest(place, row_number() over (
                    partition by {{ group_keys }}, request, case when place >= 1 then 1 else 0 end order by place
                )) as taken_place
            from ({{ driftline._select_rows(unweighted, values) }}) as r
            where request is not null
        ),

        discounted as (
            select
                p.*,
                avg(case when taken_place <= {{ k }}
                    then 1e0 / ({{ discount.replace(
                        '{0}', '(case when taken_place <= ' ~ k ~ ' then taken_place else 1e0 end)'
                    ) }}) else 0e0 end)
                    over (partition by {{ group_keys }}, request, place) as discount
            from placed as p
        ),

        requests as (
            select
                {{ group_keys }}, request,
                sum(case when relevance is null then 1 else 0 end) as unknown_labels,
                max(case when place between 1 and {{ k }} and relevance > 0 then 1e0 else 0e0 end) as hit,
                max(case when place between 1 and {{ k }} and relevance > 0 then 1e0 / place else 0e0 end) as reciprocal_rank,
                min(relevance) as least_relevance,
                sum(case when place >= 1 then relevance * discount else 0e0 end) as gain,
                sum(case when ideal_place <= {{ k }} then relevance / ({{ discount.replace('{0}', 'ideal_place') }}) else 0e0 end) as ideal_gain
            from discounted
            group by {{ group_keys }}, request
        ),

        sums as (
            select
                {{ group_keys }}, count(*) as row_count,
                sum(case when least_relevance >= 0 then 1 else 0 end) as ndcg_count,
                sum(hit) as hit, sum(hit) as hit_sq,
                sum(reciprocal_rank) as reciprocal_rank, sum(reciprocal_rank * reciprocal_rank) as reciprocal_rank_sq,
                sum(case when least_relevance >= 0 then {{ ndcg }} end) as ndcg,
                sum(case when least_relevance >= 0 then {{ ndcg }} * {{ ndcg }} end) as ndcg_sq
            from requests
            where unknown_labels = 0
            group by {{ group_keys }}
        )
        {% for name in ['hit', 'ndcg', 'reciprocal_rank'] %}
        select {{ group_keys }}, {{ numbers[name] }} as bin, {{ driftline._text(name) }} as bin_kind,
            {{ 'ndcg_count' if name == 'ndcg' else 'row_count' }} as row_count, {{ name }} as value_sum,
            {{ name }}_sq as deviation_sq_sum
        from sums
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as numbered
{% endmacro %}
