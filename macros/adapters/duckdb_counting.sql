{# How DuckDB learns the bins and counts: the loops over the rows, written for speed. #}


{#
    DuckDB learns all quantiles of a column in one pass, as a list. Of a reference of more than 800,000 rows it takes
    about so many, chosen by a hash of the row's time and values, so that neither the order of the rows nor the number
    of threads plays a part. Equal rows are chosen together, so what such a sample knows is told by how many there are:
    the rows in 65,536 groups by the same hash scatter as Poisson counts where no row has its equal, and `lumps`, the
    rows a row comes with (Σm²/n over the sets of equal rows), is what they scatter more. A column with 600,000 values a
    lump has ranks with a standard error of at most 0.065 %; every other (flags, dates alone, copied rows, values that
    are rare) is learnt from all rows. So a rank is exact or within 0.3 %, at more than four standard errors.
    The minimum and maximum are exact.
#}
{% macro duckdb___reference_quantiles(columns, rows) %}
    {%- set row_hash -%}
    hash(moment{% for column in columns %}, v{{ column.no }}{% endfor %})
    {%- endset %}
    with reference_rows as not materialized (
        {{ rows }}
    ),

    size as materialized (
        select count(*) as n from reference_rows
    ),

    scatter as materialized (
        select greatest(1, (sum(held::double * held) - max(n)::double * max(n) / 65536) / max(n)) as lumps
        from (
            select count(*) as held, any_value(size.n) as n
            from reference_rows
            cross join size
            where size.n > 800000
            group by {{ row_hash }} >> 48
        ) as hashed
    ),

    {{ driftline._learnt_quantiles(columns, row_hash) }}
    {#- One row per column out of one list: a branch per column would read what was learnt of all columns each time. #}
    select
        learnt.column_no, unnest(range(0, learnt.bins + 1)) as edge_no, unnest(learnt.edges) as edge
    from (
        select unnest([
            {%- for column in columns %}
            {{ '{' }}'column_no': {{ column.no }}, 'bins': {{ column.bins }},
                'edges': [extremes.least{{ column.no }}] || case
                when chosen.enough{{ column.no }} then sampled.q{{ column.no }} else exact.q{{ column.no }}
            end || [extremes.greatest{{ column.no }}]{{ '}' }}{{ ',' if not loop.last }}
            {%- endfor %}
        ]) as learnt
        from sampled, chosen, exact, extremes
    ) as per_column
{% endmacro %}


{# The CTEs `extremes`, `sampled`, `chosen` (per column: whether the sample is enough) and `exact`. #}
{% macro _learnt_quantiles(columns, row_hash) %}
    extremes as materialized (
        select
            {%- for column in columns %}
            min(v{{ column.no }}) as least{{ column.no }}, max(v{{ column.no }}) as greatest{{ column.no }}
                {{- ',' if not loop.last }}
            {%- endfor %}
        from reference_rows
    ),

    sampled as materialized (
        select
            {%- for column in columns %}
            quantile_cont(v{{ column.no }}, {{ driftline._inner_ranks(column.bins) }}) as q{{ column.no }},
            count(v{{ column.no }}) as n{{ column.no }}{{ ',' if not loop.last }}
            {%- endfor %}
        from reference_rows
        cross join size
        where size.n <= 800000 or {{ row_hash }} < 18446744073709551615::double * 800000 / size.n
    ),

    chosen as materialized (
        select
            {%- for column in columns %}
            size.n <= 800000 or sampled.n{{ column.no }} >= 600000
                * scatter.lumps as enough{{ column.no }}{{ ',' if not loop.last }}
            {%- endfor %}
        from sampled, size, scatter
    ),

    exact as materialized (
        select
            {%- for column in columns %}
            quantile_cont(case when not enough{{ column.no }} then v{{ column.no }} end,
                {{ driftline._inner_ranks(column.bins) }}) as q{{ column.no }}
            {{- ',' if not loop.last }}
            {%- endfor %}
        from reference_rows
        cross join chosen
        where not ({% for column in columns %}enough{{ column.no }}{{ ' and ' if not loop.last }}{% endfor %})
    )
{% endmacro %}


{# Every row of a pass is looked at for each of its columns: more of them cost more than another look at the rows. #}
{% macro duckdb___columns_per_pass() %}
    {{- return(8) -}}
{% endmacro %}


{# The ranks between the bins, as a list. #}
{% macro _inner_ranks(bins) %}
    {%- set ranks = [] -%}
    {%- for edge in range(1, bins) -%}{%- do ranks.append((edge / bins) | string) -%}{%- endfor -%}
    {{- return('[' ~ ranks | join(', ') ~ ']') -}}
{% endmacro %}


{#
    DuckDB counts categorical columns by grouping sets in one pass, in half the time of one pass each: 32 columns at
    once, since what a pass has counted is looked through, all of it, for each of its columns.
#}
{% macro duckdb___count_categories(columns, rows, keys) %}
    select * from (
        {%- for pass in columns | batch(32) %}
        {{ driftline._count_categories_together(pass, rows) }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as categories
{% endmacro %}


{# The categorical columns of one pass. #}
{% macro _count_categories_together(columns, rows) %}
    {%- set values = [] -%}
    {%- for column in columns -%}
        {%- do values.append({'name': 'v' ~ column.no, 'sql': driftline._as_text(column.sql)}) -%}
    {%- endfor -%}
    {%- do values.extend(driftline._outcome_values(rows)) %}
    (
        with counted as (
            select
                {{ driftline._key_list(rows, grouping=true) }}, count(*) as row_count,
                {{ 'sum(w)' if rows.weight is not none else 'count(*)' }} as weight_sum,
                {{ 'sum(w * w)' if rows.weight is not none else 'count(*)' }} as weight_sq_sum,
                {{ driftline._outcome_sums(rows, prepared=true) }}
                {%- for column in columns %},
                v{{ column.no }}, grouping(v{{ column.no }}) as without{{ column.no }}
                {%- endfor %}
            from ({{ driftline._prepared_rows(rows, values) }}) as r
            group by grouping sets (
                {%- for column in columns -%}
                {%- set sets = driftline._group_by(rows, ['v' ~ column.no]) -%}
                {{ sets if rows.segment_sets | length > 1 else '(' ~ sets ~ ')' }}{{ ', ' if not loop.last }}
                {%- endfor -%}
            )
        )
        {% for column in columns %}
        select
            {{ column.no }} as column_no, {{ driftline._key_list(rows) }}, v{{ column.no }} as category, row_count,
            weight_sum, weight_sq_sum, {{ driftline._outcome_names() | join(', ') }}
        from counted
        where without{{ column.no }} = 0
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    )
{% endmacro %}


{#
    Crossed with each other, every combination of a day costs DuckDB about as much as counting 3,000 rows once more. A
    run that resumes knows from the state how many values a segment has; a first one counts the segments one by one.
#}
{% macro duckdb___segment_sets(segments, names, resume) %}
    {%- set values = {} -%}
    {%- set limit = namespace(combinations=1) -%}
    {%- if resume -%}
        {%- set found = run_query(
            'select segment, count(distinct segment_value),'
            ~ ' sum(row_count) / count(distinct (period_start, model_version)) from ' ~ this
            ~ " where record = 'count' and column_role = 'row' and source = 'relation' and segment <> 'all' group by 1"
        ) -%}
        {%- for row in found.rows -%}
            {%- do values.update({row[0] | string: row[1] | int}) -%}
            {%- set limit.combinations = (row[2] / 3000) | int -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set ranked = [] -%}
    {%- for segment in segments -%}
        {%- do ranked.append({'name': names[loop.index0], 'number': values.get(segment, limit.combinations + 1)}) -%}
    {%- endfor -%}
    {#- The segments with many values first, each to the first set that it fits into. -#}
    {%- set sets = [] -%}
    {%- for segment in ranked | sort(attribute='number', reverse=true) -%}
        {%- set at = namespace(found=false) -%}
        {%- for crossed in sets -%}
            {%- if not at.found and crossed.combinations * segment.number <= limit.combinations -%}
                {%- set at.found = true -%}
                {%- do crossed.names.append(segment.name) -%}
                {%- do crossed.update({'combinations': crossed.combinations * segment.number}) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if not at.found -%}
            {%- do sets.append({'names': [segment.name], 'combinations': segment.number}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(sets | map(attribute='names') | list) -}}
{% endmacro %}
