{#
    Ranking metrics of whole lists: the grain, bin, bin_kind and the sums over requests whose rows all have a label,
    one of weight 1 each. The gain of a place is its label over log2(place + 1); the ideal list has the labels in
    descending order (Järvelin & Kekäläinen, ACM TOIS 20 (2002)). Rows that share a place share the discounts of the
    places they take up (the mean of them, as McSherry & Najork, ECIR 2008), so that no list is better than the ideal
    one. A label below 0 is no gain: such a list counts for no NDCG.

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
    {%- set unweighted = {} -%}
    {%- do unweighted.update(rows) -%}
    {%- do unweighted.update({'weight': none, 'grain': grain, 'segment_sets': [[]]}) -%}
    {%- set values = [
        {'name': 'request', 'sql': ranking.request},
        {'name': 'place', 'sql': ranking.position},
        {'name': 'relevance', 'sql': ranking.relevance},
    ] -%}
    {%- set before = 'row_number() over (partition by ' ~ group_keys
        ~ ', request, case when place >= 1 then 1 else 0 end order by place)' %}
    select
        {{ driftline._key_list(unweighted) }},
        numbered.bin, numbered.bin_kind, numbered.row_count, numbered.value_sum, numbered.deviation_sq_sum
    from (
        with placed as (
            select
                r.*,
                row_number() over (partition by {{ group_keys }}, request order by relevance desc) as ideal_place,
                -- A row is not further up than there are rows before it; those without a place take none.
                greatest(coalesce(place, 0), {{ driftline._as_sum(before) }}) as taken_place
            from ({{ driftline._select_rows(unweighted, values) }}) as r
            where request is not null
        ),

        {{ driftline._ranked_requests(group_keys, ranking.k) }},

        {{ driftline._ranking_sums(group_keys) }}
        {% for name in ['hit', 'ndcg', 'reciprocal_rank'] %}
        select
            {{ group_keys }}, {{ driftline._measure_numbers()[name] }} as bin, {{ driftline._text(name) }} as bin_kind,
            {{ 'ndcg_count' if name == 'ndcg' else 'row_count' }} as row_count, {{ name }} as value_sum,
            {{ name }}_sq as deviation_sq_sum
        from sums
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as numbered
{% endmacro %}


{# The CTEs `discounted` and `requests`: what the first k places of each list gained. #}
{% macro _ranked_requests(group_keys, k) %}
        {%- set discount = 'ln({0} + 1e0) / 0.6931471805599453e0' -%}
        {%- set taken = '(case when taken_place <= ' ~ k ~ ' then taken_place else 1e0 end)' -%}
        discounted as (
            select
                p.*,
                avg(case when taken_place <= {{ k }} then 1e0 / ({{ discount.replace('{0}', taken) }}) else 0e0 end)
                    over (partition by {{ group_keys }}, request, place) as discount
            from placed as p
        ),

        requests as (
            select
                {{ group_keys }}, request,
                sum(case when relevance is null then 1 else 0 end) as unknown_labels,
                max(case when place between 1 and {{ k }} and relevance > 0 then 1e0 else 0e0 end) as hit,
                max(case when place between 1 and {{ k }} and relevance > 0 then 1e0 / place else 0e0 end)
                    as reciprocal_rank,
                min(relevance) as least_relevance,
                sum(case when place >= 1 then relevance * discount else 0e0 end) as gain,
                sum(case
                    when ideal_place <= {{ k }} then relevance / ({{ discount.replace('{0}', 'ideal_place') }}) else 0e0
                end) as ideal_gain
            from discounted
            group by {{ group_keys }}, request
        )
{%- endmacro %}


{# The CTE `sums` over requests. #}
{% macro _ranking_sums(group_keys) %}
        {#- Rounding must not carry the ideal list over 1. -#}
        {%- set ndcg = 'least(coalesce(gain / nullif(ideal_gain, 0e0), 0e0), 1e0)' -%}
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
{%- endmacro %}
