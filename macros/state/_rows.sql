{# What a run reads of a source: which rows, and what they are counted by. #}


{#
    What is read of one source: {grain (list of {name, sql}), relation, where, weight}. The bare time column is compared
    with constants, so that the engine can prune partitions.
#}
{% macro _rows_of(declaration, source, resume, segment_sets=none) %}
    {%- set a = declaration.arguments -%}
    {%- set zone = 'UTC' if a.period == 'hour' else a.timezone -%}
    {%- set where = ['1 = 0'] if flags.EMPTY else [] -%}
    {%- set grain = [{'name': 'source', 'sql': driftline._literal(source.name), 'constant': true}] -%}
    {%- if source.time is none -%}
        {%- do grain.append({'name': 'in_reference', 'sql': 'true', 'constant': true}) -%}
        {%- do grain.append({'name': 'period_start', 'sql': driftline._own_period('timeless')}) -%}
    {%- else -%}
        {%- set time = source.time.sql -%}
        {%- set kind = source.time.type -%}
        {%- do grain.append(driftline._in_reference(a, source)) -%}
        {%- do grain.append({'name': 'period_start',
            'sql': driftline._as_timestamp(driftline._period_start(
                driftline._local_time(driftline._to_microseconds(source.time), kind, zone), a.period))}) -%}
        {#- A row dated after the run is read when its time has come. -#}
        {%- set now = driftline._as_timestamp(driftline._literal(driftline._now())) -%}
        {%- set now = driftline._local_time(now, 'naive', zone) if kind == 'date' else now -%}
        {%- do where.append(time ~ ' < ' ~ driftline._column_time(now, kind, 'UTC')) -%}
        {%- set is_finite = driftline._is_finite_time(time) -%}
        {%- if is_finite is not none -%}{%- do where.append(is_finite) -%}{%- endif -%}
        {%- if resume and source.name == 'relation' -%}
            {%- do where.append(time ~ ' >= ' ~ driftline._column_time(resume.period_start, kind, zone)) -%}
        {%- endif -%}
    {%- endif -%}
    {%- if source.version is none -%}
        {%- do grain.append({'name': 'model_version', 'sql': driftline._text('all'), 'constant': true}) -%}
    {%- else -%}
        {%- do grain.append({'name': 'model_version', 'sql': driftline._group_name(source.version)}) -%}
    {%- endif -%}
    {%- for segment in source.segments -%}
        {%- do grain.append({'name': 'segment_' ~ loop.index, 'sql': segment}) -%}
    {%- endfor -%}
    {{- return({
        'grain': grain,
        'relation': source.relation,
        'where': where,
        'segment_sets': segment_sets,
        'resume': resume,
        'measures': source.name == 'relation',
        'metrics': source.metrics,
        'outcome': source.outcome,
        'label_centre': driftline._label_centre(declaration, source, resume) if source.outcome.is_number else none,
        'weight': source.weight,
    }) -}}
{% endmacro %}


{# Whether a row belongs to the reference, as a part of the grain. #}
{% macro _in_reference(a, source) %}
    {%- if source.name == 'reference' -%}
        {{- return({'name': 'in_reference', 'sql': 'true', 'constant': true}) -}}
    {%- elif 'start' not in a.reference -%}
        {{- return({'name': 'in_reference', 'sql': 'false', 'constant': true}) -}}
    {%- endif -%}
    {{- return({
        'name': 'in_reference',
        'sql': 'case when ' ~ driftline._lies_in_reference(a, source) ~ ' then true else false end',
    }) -}}
{% endmacro %}


{# `select <grain>, <values> from <relation> where …` over the rows a run reads. values: list of {name, sql} #}
{% macro _select_rows(rows, values) %}
    select
        {%- for part in rows.grain | rejectattr('constant') | list + values %}
        {{ part.sql }} as {{ part.name }}{{ ',' if not loop.last }}
        {%- endfor %}
    {%- if rows.weight is not none %}, {{ rows.weight }} as w{% endif %}
    from {{ rows.relation }}
    {%- if rows.where %}
    where {{ rows.where | join(' and ') }}
    {%- endif %}
{% endmacro %}


{#
    What a version or a segment's value is called: `all` is the total, and NULL is (null). A value that is really called
    so is put in brackets, one pair more than it has: (all), ((null)), and so ((all)) for one that is called (all).
#}
{% macro _group_name(value) %}
    {%- set bare = "replace(replace(" ~ value ~ ", '(', ''), ')', '')" -%}
    {{- return(
        'case when ' ~ value ~ " is null then '(null)' when " ~ value ~ " = 'all' or " ~ value
        ~ " like '(%)' and " ~ bare
        ~ " in ('all', 'null') then '(' || " ~ value ~ " || ')' else " ~ value ~ ' end'
    ) -}}
{% endmacro %}


{#
    SQL of the frozen centre of a numeric label. A run that resumes reads it beforehand: a constant lets every engine
    work in parallel.
#}
{% macro _label_centre(declaration, source, resume) %}
    {%- set column = source.columns | selectattr('role', 'equalto', 'label') | first -%}
    {%- if not column -%}{{- return('0') -}}{%- endif -%}
    {%- if resume -%}
        {%- set found = run_query(
            'select cast(max(bin_lower) as ' ~ driftline._type_text() ~ ') from ' ~ this
            ~ " where record = 'bin' and bin = 20000 and column_role = 'label' and column_name = "
            ~ driftline._literal(column.name)
        ) -%}
        {%- set centre = found.rows[0][0] -%}
        {{- return(driftline._as_double(driftline._literal(centre if centre is not none else '0'))) -}}
    {%- endif -%}
    {{- return('coalesce((select max(bin_lower) from bins where column_no = ' ~ column.no ~ ' and bin = 20000), 0)') -}}
{% endmacro %}
