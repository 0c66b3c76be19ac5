{#
    The bins, learnt once on the reference: list of SQL, of some of the columns each, with the rows (column_no, bin,
    bin_kind, bin_label, bin_lower, bin_upper, bin_group).

    range       0 … bins-1, (lower, upper], the outer ends open; an empty one has lower = upper
    centre      bin_lower: the point deviations are taken from
    support     bin_lower, bin_upper: the reference's minimum and maximum
    category    0 … top-1, by reference rows; beyond_top: the other values that recur in the reference (all bin 10001)
#}
{% macro _learnt_bins(declaration, source, numeric) %}
    {%- set rows = driftline._reference_rows(declaration, source) -%}
    {%- set learnt = source.columns | selectattr('kind', 'equalto', 'numeric') | list -%}
    {%- set categories = source.columns | selectattr('kind', 'equalto', 'categorical') | list -%}
    {%- set parts = [] -%}
    {%- for some in driftline._by_statement(learnt) -%}
        {%- do parts.append(driftline._learnt_ranges(source, some, numeric, rows)) -%}
    {%- endfor -%}
    {%- for some in driftline._by_statement(categories) -%}
        {%- do parts.append(driftline._learnt_categories(declaration, source, some, rows)) -%}
    {%- endfor -%}
    {%- if not parts -%}
        {%- set nothing %}
    select
        0 as column_no, 0 as bin, '' as bin_kind, '' as bin_label,
        {%- set zero = 'cast(0 as ' ~ driftline._type_double() ~ ')' %}
        {{ zero }} as bin_lower, {{ zero }} as bin_upper, 0 as bin_group
    where 1 = 0
        {%- endset -%}
        {%- do parts.append(nothing) -%}
    {%- endif -%}
    {{- return(parts) -}}
{% endmacro %}


{# The rows of the reference, as SQL from `from` on. #}
{% macro _reference_rows(declaration, source) %}
    {%- set a = declaration.arguments -%}
    {%- set rows = driftline._rows_of(declaration, source, none) -%}
    {%- if source.name == 'relation' -%}
        {#- The span in the terms of the bare column, once more: only the reference is read for learning. -#}
        {%- do rows.where.append(driftline._lies_in_reference(a, source)) -%}
    {%- endif -%}
    {{- return(' from ' ~ rows.relation ~ (' where ' ~ (rows.where | join(' and ')) if rows.where else '')) -}}
{% endmacro %}


{# The bins of the numeric columns, between the edges that _edges.sql makes of quantiles. #}
{% macro _learnt_ranges(source, learnt, numeric, rows) %}
    {%- set asked = [] -%}
    {%- set values = [(source.time.sql if source.time is not none else 'null') ~ ' as moment'] -%}
    {%- for column in learnt -%}
        {%- do asked.append({'no': column.no, 'bins': column.get('quantiles', column.bins)}) -%}
        {%- do values.append('case when ' ~ column.sql ~ ' between -1e300 and 1e300 then ' ~ column.sql
            ~ ' end as v' ~ column.no) -%}
    {%- endfor %}
    with quantiles as (
        {{ driftline._reference_quantiles(asked, 'select ' ~ values | join(', ') ~ rows) }}
    ),

    quantile_edges as (
        {{ driftline._quantile_edges(learnt, numeric) }}
    ),

    edges as (
        {{ driftline._edges_with_cuts(learnt) }}
    ),

    {{ driftline._ranges_between_edges() }}

    select
        column_no, bin, {{ driftline._text('range') }} as bin_kind, {{ driftline._as_text('null') }} as bin_label,
        bin_lower, bin_upper,
        {#- PSI counts ten groups of bins; own edges, few bins and single values stay as they are. -#}
        case
            when own_edges = 1 or bin_count <= 10 then bin
            when one_value = 1 then 1000 + bin
            else cast(floor(bin * 10.0 / bin_count) as {{ dbt.type_int() }})
        end as bin_group
    from ranges
    union all
    select q.column_no, 20000, 'centre', null, min(q.edge), null, 0
    from quantiles as q
    join declared as d on d.column_no = q.column_no
    where q.edge_no = cast(floor(d.bin_count / 2.0) as {{ dbt.type_int() }}) and q.edge is not null
    group by q.column_no
    union all
    select column_no, 20001, 'support', null, min(edge), max(edge), 0
    from quantiles
    where edge is not null
    group by column_no
{% endmacro %}


{# The CTEs from `edges` to `ranges`. #}
{% macro _ranges_between_edges() %}
    neighbours as (
        select
            column_no, edge_no, edge, bin_count, own_edges,
            lag(edge) over (partition by column_no order by edge_no) as edge_before,
            lag(edge, 2) over (partition by column_no order by edge_no) as edge_before_that,
            lead(edge) over (partition by column_no order by edge_no) as edge_after
        from edges
    ),

    {#- A value that holds more than one quantile gets a bin of its own: the first of its edges moves to just below
        it. #}
    thresholds as (
        select
            column_no, edge_no, bin_count, own_edges,
            case
                when edge = edge_after and (edge_before is null or edge_before < edge)
                    then {{ driftline._just_below('edge') }}
                else edge
            end as threshold,
            case
                when edge = edge_before and (edge_before_that is null or edge_before_that < edge) then 1 else 0
            end as one_value
        from neighbours
    ),

    ranges as (
        select
            column_no, edge_no - 1 as bin, bin_count, own_edges, one_value,
            lag(threshold) over (partition by column_no order by edge_no) as bin_lower,
            threshold as bin_upper
        from thresholds
        union all
        select column_no, bin_count - 1, bin_count, own_edges, 0, threshold, null
        from thresholds
        where edge_no = bin_count - 1
    )
{% endmacro %}


{# The bins of the categorical columns: the most frequent values, and the others that recur. #}
{% macro _learnt_categories(declaration, source, categories, rows) %}
    {%- set top = declaration.arguments.top_categories -%}
    {%- set bin = 'case when place <= ' ~ top ~ ' then cast(place as ' ~ dbt.type_int() ~ ') - 1 else 10001 end' %}
    select
        column_no,
        {{ bin }} as bin,
        case when place <= {{ top }} then 'category' else 'beyond_top' end as bin_kind,
        category as bin_label, {{ driftline._as_double('null') }} as bin_lower,
        {{ driftline._as_double('null') }} as bin_upper,
        {{ bin }} as bin_group
    from (
        select
            column_no, category,
            row_number() over (
                partition by column_no order by row_count desc, {{ driftline._byte_order('category') }}
            ) as place
        from ({{ driftline._counted_categories(declaration, source, categories, rows) }})
            as categories
        where category is not null and (is_class = 1 or {{ 'row_count > 1' if source.time is none else 'recurs = 1' }})
    ) as ranked
{% endmacro %}



{#
    The values of the categorical columns in the reference: column_no, category, row_count, is_class, and where there is
    a time recurs: 1 where a value lies in more than one period, or in more than one row of a reference that is one
    period. A value that does not is not known to the reference: a day's own search words are as unseen in the reference
    as they are later. The classes of a label are known, be they as rare as they may.

    rows  SQL from `from` on
#}
{% macro _counted_categories(declaration, source, columns, rows) %}
    {%- set a = declaration.arguments -%}
    {%- set period = {} -%}
    {%- for end in (['first', 'last'] if source.time is not none else []) -%}
        {%- set local = driftline._local_time(end ~ '_moment', source.time.type,
            'UTC' if a.period == 'hour' else a.timezone) -%}
        {%- do period.update({end: driftline._period_start(local, a.period)}) -%}
    {%- endfor %}
    {%- set counted %}
        {%- for column in columns %}
        select
            {{ column.no }} as column_no,
            {{ driftline._as_text(column.get('learn') or column.sql) }} as category, count(*) as row_count,
            {%- if period %}
            min({{ source.time.sql }}) as first_moment, max({{ source.time.sql }}) as last_moment,
            {%- endif %}
            {{ 1 if column.learn is defined else 0 }} as is_class
        {{ rows }}
        group by 1, 2
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    {%- endset %}
    {%- if not period %}
    {{ counted }}
    {%- else %}
    select
        column_no, category, row_count, is_class,
        case
            when first_period < last_period then 1
            when row_count > 1
                and min(first_period) over (partition by column_no) = max(last_period)
                    over (partition by column_no) then 1
            else 0
        end as recurs
    from (
        select column_no, category, row_count, is_class, {{ period.first }} as first_period,
            {{ period.last }} as last_period
        from ({{ counted }}) as counted
    ) as in_periods
    {%- endif %}
{% endmacro %}
