{# The counts of all columns and the sums over whole rows, by segment: the CTEs between what is read and the records. #}

{# The counts of the numeric columns, of some of the columns each: list of SQL. #}
{% macro _numeric_counts(run) %}
    {%- set parts = [] -%}
    {%- for source in run.read -%}
        {%- set columns = source.columns | selectattr('kind', 'equalto', 'numeric') | list -%}
        {%- for some in driftline._by_statement(columns) -%}
            {%- do parts.append(driftline._count_numeric(some, run.rows[source.name], run.grain)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(parts) -}}
{% endmacro %}


{# The values of the categorical columns with their counts and sums, of some of the columns each: list of SQL. #}
{% macro _category_values(run) %}
    {%- set parts = [] -%}
    {%- for source in run.read -%}
        {%- set columns = source.columns | selectattr('kind', 'equalto', 'categorical') | list -%}
        {%- for some in driftline._by_statement(columns) -%}
            {%- do parts.append(driftline._count_categories(some, run.rows[source.name], run.grain)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(parts) -}}
{% endmacro %}


{# The values that have no bin of their own together: NULL, or not seen in the reference. #}
{% macro _category_counts(run) %}
    select
        v.column_no,
        {% for key in run.grain %}v.{{ key }} as {{ key }}, {% endfor %}
        case when v.category is null then -3 else coalesce(b.bin, 10002) end as bin,
        sum(v.row_count) as row_count,
        sum(v.weight_sum) as weight_sum,
        sum(v.weight_sq_sum) as weight_sq_sum,
        {% for sum in driftline._outcome_names() %}sum(v.{{ sum }}) as {{ sum }}{{ ', ' if not loop.last }}{% endfor %}
    from category_values as v
    left join bins as b on b.column_no = v.column_no and b.bin_label = v.category
    group by
        {% for key in run.grain %}v.{{ key }}, {% endfor %}
        v.column_no, case when v.category is null then -3 else coalesce(b.bin, 10002) end
{% endmacro %}


{% macro _measure_sums(declaration, run) %}
    {%- for source in run.read %}
    {{ driftline._sum_measures(declaration, run.rows[source.name], run.grain, run.measures, run.has_label) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{% endmacro %}


{# All that was counted, in one shape. #}
{% macro _all_counts(declaration, run) %}
    {%- set keys = run.grain | join(', ') -%}
    {%- set no_kind = 'cast(null as ' ~ driftline._type_text() ~ ') as bin_kind' -%}
    {%- if run.numeric %}
    select column_no, {{ keys }}, bin, {{ no_kind }}, {{ run.sums | join(', ') }} from numeric_counts
    union all
    {%- endif %}
    {%- if run.categorical %}
    select column_no, {{ keys }}, bin, {{ no_kind }}, row_count, weight_sum, weight_sq_sum
        {%- for sum in run.sums[3:8] %}, {{ driftline._as_double('null') }} as {{ sum }}{% endfor %},
        {{ run.sums[8:] | join(', ') }}
    from category_counts
    union all
    {%- endif %}
    {{ driftline._measure_rows(declaration, run.grain, run.measures, run.has_label) }}
{% endmacro %}


{# What was counted, in total and by each segment; the metrics of whole lists beside it. #}
{% macro _counts_by_segment(declaration, run) %}
    {%- set splits = [none] + declaration.segments %}
    {%- for segment in splits %}
    select
        column_no, source, in_reference, period_start, model_version,
        {{ driftline._text('all' if segment is none else segment) }} as segment,
        {{ driftline._text('all') if segment is none
            else driftline._group_name('segment_' ~ loop.index0) }} as segment_value,
        bin, bin_kind,
        {%- if splits | length == 1 %}
        {{ run.sums | join(', ') }}
    from counted
        {%- else %}
        {% for sum in run.sums %}
        {{- {'value_min': 'min', 'value_max': 'max'}.get(sum, 'sum') }}({{ sum }}) as {{ sum }}
        {{- ', ' if not loop.last }}
        {%- endfor %}
    from counted
        {%- if run.segment_sets | length > 1 %}
    where segment_set = {{ driftline._set_of_split(run, loop.index0) }}
        {%- endif %}
    group by
        column_no, source, in_reference, period_start, model_version,
        {{ 'segment_' ~ loop.index0 ~ ', ' if segment is not none }}bin, bin_kind
        {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {%- for segment in splits %}
    {{- driftline._ranked_by_split(run, segment, loop.index0) }}
    {%- endfor %}
{% endmacro %}


{# The number of the set in which a split is counted: 0 the total, which is in the first, or the number of a segment. #}
{% macro _set_of_split(run, split) %}
    {%- set at = namespace(set=1) -%}
    {%- for names in run.segment_sets if 'segment_' ~ split in names -%}
        {%- set at.set = run.segment_sets.index(names) + 1 -%}
    {%- endfor -%}
    {{- return(at.set) -}}
{% endmacro %}


{# The metrics of whole lists by one split, as more rows of _counts_by_segment. #}
{% macro _ranked_by_split(run, segment, split) %}
    {%- set ranked = none if segment is none else 'segment_' ~ split -%}
    {%- for source in run.read if source.outcome.ranking is not none %}
    union all
    select
        20001, source, in_reference, period_start, model_version,
        {{ driftline._text('all' if segment is none else segment) }},
        {{ driftline._text('all') if segment is none else driftline._group_name(ranked) }},
        bin, bin_kind, row_count, {{ driftline._as_sum('row_count') }}, {{ driftline._as_sum('row_count') }},
        value_sum, deviation_sq_sum
        {%- for sum in run.sums[5:] %}, {{ driftline._as_double('null') }}{% endfor %}
    from ({{ driftline._rank_requests(run.rows[source.name], ranked) }}) as ranked_{{ split }}_{{ loop.index }}
    {%- endfor %}
{% endmacro %}
