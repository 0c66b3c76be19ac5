{# Postgres sorts text by the database's collation unless told otherwise. #}
{% macro postgres___byte_order(expression) %}
    {{- return(expression ~ ' collate "C"') -}}
{% endmacro %}


{# '-infinity' has no date to reckon with. #}
{% macro postgres___is_finite_time(expression) %}
    {{- return('isfinite(' ~ expression ~ ')') -}}
{% endmacro %}


{# A day is far cheaper as a date: date_trunc reads the name of its unit again for every row. #}
{% macro postgres___period_start(expression, period) %}
    {%- if period == 'day' -%}
        {{- return('cast(cast(' ~ expression ~ ' as date) as timestamp)') -}}
    {%- endif -%}
    {{- return(driftline.default___period_start(expression, period)) -}}
{% endmacro %}


{# A numeric of any size may be over or under what a double holds, and Postgres calls both an error. #}
{% macro postgres___double_of(expression, data_type) %}
    {%- set double = driftline._as_double(expression) -%}
    {%- set size = data_type.split('(')[1].split(',')[0] | int if '(' in data_type else 1000 -%}
    {%- if data_type.split('(')[0] not in ['numeric', 'decimal'] or size < 290 -%}{{- return(double) -}}{%- endif -%}
    {{- return(
        'case when abs(' ~ expression ~ ') between 1e-300 and 1e300 then ' ~ double ~ ' when abs('
        ~ expression ~ ') < 1e-300 then 0e0'
        ~ ' when ' ~ expression ~ " = 'NaN' then 'NaN'::double precision when " ~ expression
        ~ " > 0 then 'Infinity'::double precision"
        ~ ' when ' ~ expression ~ " < 0 then '-Infinity'::double precision end"
    ) -}}
{% endmacro %}


{# Of the types that are none of ours, Postgres compares few with another and some not at all;
    those a user defined may be anything. #}
{% macro postgres___other_types_join(one, two) %}
    {%- set names = [] -%}
    {%- for column in [one, two] -%}
        {%- set name = (column.data_type | lower).split('(')[0] -%}
        {%- do names.append({'cidr': 'inet', 'bit varying': 'bit'}.get(name, name)) -%}
    {%- endfor -%}
    {%- if 'json' in names or 'xml' in names or 'point' in names -%}{{- return(false) -}}{%- endif -%}
    {{- return(names[0] == names[1] or 'user-defined' in names or 'array' in names) -}}
{% endmacro %}


{% macro postgres___matches(text, pattern) %}
    {{- return('(' ~ text ~ ") ~ '" ~ pattern ~ "'") -}}
{% endmacro %}


{# How Postgres prints a date is a setting of the session;
    what a calendar of four digits cannot show stays as it prints it. #}
{% macro postgres___time_text(expression, kind) %}
    {%- set day = "to_char(" ~ expression ~ ", 'YYYY-MM-DD')" -%}
    {%- if kind != 'date' -%}
        {%- set time = "rtrim(rtrim(to_char(" ~ expression ~ ", 'YYYY-MM-DD HH24:MI:SS.US'), '0'), '.')" -%}
        {%- set day = 'case when ' ~ expression ~ " = date_trunc('day', " ~ expression ~ ') then ' ~ day
            ~ ' else ' ~ time ~ ' end' -%}
    {%- endif -%}
    {{- return(
        'case when ' ~ expression ~ " >= '0001-01-01' and " ~ expression ~ " < '9999-12-31' then " ~ day
        ~ ' else ' ~ driftline._as_text(expression) ~ ' end'
    ) -}}
{% endmacro %}


{# Postgres learns all quantiles of a column from one sort, as an array. #}
{% macro postgres___reference_quantiles(columns, rows) %}
    with learned as (
        select
            {%- for column in columns %}
            percentile_cont(array[{% for edge in range(column.bins + 1) %}{{ edge / column.bins }}{{ ', ' if not loop.last }}{% endfor %}]::double precision[]) within group (order by v{{ column.no }}) as q{{ column.no }}
            {{- ',' if not loop.last }}
            {%- endfor %}
        from ({{ rows }}) as reference_rows
    )
    {% for column in columns -%}
    select {{ column.no }} as column_no, cast(u.position - 1 as integer) as edge_no, u.edge
    from learned, unnest(learned.q{{ column.no }}) with ordinality as u (edge, position)
    {{ 'union all ' if not loop.last }}
    {%- endfor %}
{% endmacro %}


{#
    Postgres finds the bin by width_bucket, which searches an array of thresholds; the signs are turned because its
    buckets are closed on the other side. One branch per column runs in parallel workers, under two conditions: the
    thresholds are constants (frozen ones are read beforehand and written out; on a first build they come as scalar
    subqueries, and one process has to do), and an empty second branch keeps the planner from merging the inner query into
    the outer one, where it would take as many groups as rows and give up on partial aggregates.
#}
{% macro postgres___count_numeric(columns, rows, keys) %}
    {%- set group_keys = rows.grain | rejectattr('constant') | map(attribute='name') | join(', ') -%}
    {%- set weighted = rows.weight is not none -%}
    {%- set finite = 'bin between 0 and 9999' -%}
    {%- set sums = driftline._outcome_names() %}
    {%- set frozen = driftline._frozen_thresholds(columns) if rows.resume else none %}
    {{ 'with' }}
    {%- if frozen is none %}
    thresholds as materialized (
        select
            d.column_no,
            d.bin_count - 1 as last_bin,
            coalesce(array_agg(- b.bin_upper order by b.bin desc) filter (where b.bin_kind = 'range' and b.bin_upper is not null), '{}'::double precision[]) as negated_uppers,
            coalesce(max(case when b.bin = 20000 then b.bin_lower end), 0) as centre,
            coalesce(max(case when b.bin = 20001 then b.bin_lower end), -1e300) as least_value,
            coalesce(max(case when b.bin = 20001 then b.bin_upper end), 1e300) as greatest_value
        from declared as d
        left join bins as b on b.column_no = d.column_no
        where d.column_no in ({{ columns | map(attribute='no') | join(', ') }})
        group by d.column_no, d.bin_count
    ),

    {%- endif %}
    per_bin as (
        {%- for column in columns %}
        {%- set of = {} -%}
        {%- for name in ['centre', 'least_value', 'greatest_value', 'negated_uppers'] -%}
            {%- do of.update({name: frozen[column.no][name] if frozen is not none else '(select ' ~ name ~ ' from thresholds where column_no = ' ~ column.no ~ ')'}) -%}
        {%- endfor -%}
        {%- set own_label = column.outcome is defined -%}
        {%- set outcomes = driftline._outcome_values(rows) + ([{'name': 'outcome_y', 'sql': column.outcome}] if own_label else []) %}
        select
            {{ column.no }} as column_no, {{ group_keys }}, bin, count(*) as row_count,
            {{ 'sum(w) as weight_sum, sum(w * w) as weight_sq_sum' if weighted else 'count(*) as weight_sum, count(*) as weight_sq_sum' }},
            sum({{ 'w * ' if weighted }}x) as value_sum,
            sum({{ 'w * ' if weighted }}{{ driftline._squared('(x - ' ~ of.centre ~ ')') }}) as deviation_sq_sum,
            {{ 'coalesce(sum(w)' if weighted else 'count(*)' }} filter (
                where x not between {{ of.least_value }} and {{ of.greatest_value }}
            ){{ ', 0)' if weighted }} as out_of_range_weight,
            min(x) as value_min,
            max(x) as value_max,
            {{ driftline._outcome_sums(rows, own_label) }}
        from (
            select
                {{ group_keys }}{{ ', w' if weighted }},
                {% for outcome in outcomes %}{{ outcome.name }}, {% endfor -%}
                case when v between -1e300 and 1e300 then v end as x,
                case
                    when v between -1e300 and 1e300 then coalesce(cardinality({{ of.negated_uppers }}) - width_bucket(- v, {{ of.negated_uppers }}), 0)
                    when v is null then -3
                    when v = 'NaN'::double precision then -2
                    when v > 0 then 10000
                    else -1
                end as bin
            from ({{ driftline._select_rows(rows, [{'name': 'v', 'sql': column.sql}] + outcomes) }}) as r
            union all
            select {% for part in rows.grain | rejectattr('constant') %}null, {% endfor %}{{ 'null, ' if weighted }}{{ 'null, ' * (outcomes | length) }}null, null where false
        ) as binned
        group by {{ group_keys }}, bin
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    )

    select
        column_no, {{ driftline._key_list(rows) }}, bin, row_count, weight_sum, weight_sq_sum, value_sum,
        {%- for name in ['deviation_sq_sum', 'value_min', 'value_max', 'out_of_range_weight'] %}
        {{ driftline._as_double('null') }} as {{ name }},
        {%- endfor %}
        {{ sums | join(', ') }}
    from per_bin
    union all
    select
        column_no, {{ driftline._key_list(rows) }}, 20000, sum(row_count),
        sum(case when {{ finite }} then weight_sum else 0 end), sum(case when {{ finite }} then weight_sq_sum else 0 end),
        sum(value_sum), sum(deviation_sq_sum), min(value_min), max(value_max), sum(out_of_range_weight),
        {% for sum in sums %}sum(case when {{ finite }} then {{ sum }} end){{ ', ' if not loop.last }}{% endfor %}
    from per_bin
    group by column_no, {{ group_keys }}
{% endmacro %}


{# Postgres has no median over a frame: the frame's values are gathered into an array first. #}
{% macro postgres___with_medians(relation, medians) %}
    select
        g.*
        {%- for m in medians %},
        (select percentile_cont(0.5) within group (order by u.x)
            from unnest(g.{{ m.name }}_values) as u (x)) as {{ m.name }},
        coalesce(cardinality(g.{{ m.name }}_values), 0) as {{ m.name }}_count
        {%- endfor %}
    from (
        select
            b.*
            {%- for m in medians %},
            array_agg({{ m.x }}) filter (where {{ m.x }} is not null)
                over (partition by {{ m.partition }} order by {{ m.order }} {{ m.frame }}) as {{ m.name }}_values
            {%- endfor %}
        from {{ relation }} as b
    ) as g
    -- Kept apart: each median would be worked out again wherever it is used.
    offset 0
{% endmacro %}


{% macro postgres___constant_rows(names, rows) %}
    {{- return(driftline._constant_values(names, rows)) -}}
{% endmacro %}


{# The thresholds in the state as literals: {column_no: {negated_uppers, centre, least_value, greatest_value}}. #}
{% macro _frozen_thresholds(columns) %}
    {%- set numbers = {} -%}
    {%- for column in columns -%}{%- do numbers.update({column.role ~ '|' ~ column.name: column.no}) -%}{%- endfor -%}
    {%- set found = run_query(
        "select column_role || '|' || column_name,"
        ~ " coalesce(array_agg(- bin_upper order by bin desc) filter (where bin_kind = 'range' and bin_upper is not null), '{}'::double precision[])::text,"
        ~ " coalesce(max(case when bin = 20000 then bin_lower end), 0)::text,"
        ~ " coalesce(max(case when bin = 20001 then bin_lower end), -1e300)::text,"
        ~ " coalesce(max(case when bin = 20001 then bin_upper end), 1e300)::text"
        ~ ' from ' ~ this ~ " where record = 'bin' and column_kind = 'numeric' group by 1"
    ) -%}
    {%- set frozen = {} -%}
    {%- for column in columns -%}
        {%- do frozen.update({column.no: {'negated_uppers': "'{}'::double precision[]", 'centre': '0', 'least_value': '-1e300', 'greatest_value': '1e300'}}) -%}
    {%- endfor -%}
    {%- for row in found.rows if row[0] in numbers -%}
        {%- do frozen.update({numbers[row[0]]: {
            'negated_uppers': "'" ~ row[1] ~ "'::double precision[]",
            'centre': "'" ~ row[2] ~ "'::double precision",
            'least_value': "'" ~ row[3] ~ "'::double precision",
            'greatest_value': "'" ~ row[4] ~ "'::double precision",
        }}) -%}
    {%- endfor -%}
    {{- return(frozen) -}}
{% endmacro %}


{# An empty second branch keeps the values where they are worked out, and parallel workers too. #}
{% macro postgres___select_rows_once(rows, values) %}
    {{ driftline._select_rows(rows, values) }}
    union all
    select
        {%- for part in rows.grain | rejectattr('constant') | list + values %}
        null{{ ',' if not loop.last }}
        {%- endfor %}
        {%- if rows.weight is not none %}, null{% endif %}
    where false
{% endmacro %}


{# The same arrangement for categories. #}
{% macro postgres___count_categories(columns, rows, keys) %}
    {%- set group_keys = rows.grain | rejectattr('constant') | map(attribute='name') | join(', ') -%}
    {%- set weighted = rows.weight is not none -%}
    {%- set outcomes = driftline._outcome_values(rows) -%}
    {%- for column in columns %}
    select
        {{ column.no }} as column_no, {{ driftline._key_list(rows) }}, category, count(*) as row_count,
        {{ 'sum(w)' if weighted else 'count(*)' }} as weight_sum,
        {{ 'sum(w * w)' if weighted else 'count(*)' }} as weight_sq_sum,
        {{ driftline._outcome_sums(rows) }}
    from (
        {{ driftline._select_rows_once(
            rows, [{'name': 'category', 'sql': driftline._as_text(column.sql)}] + outcomes
        ) }}
    ) as r
    group by {{ group_keys }}, category
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{% endmacro %}


{% macro postgres___computed_once() %}
    {{- return('materialized') -}}
{% endmacro %}


{% macro postgres___in_place() %}
    {{- return('not materialized') -}}
{% endmacro %}


{% macro postgres___indexes(columns) %}
    {{- return([{'columns': columns}]) -}}
{% endmacro %}


{% macro postgres___whole_number(x) %}
    {{- return('to_char(cast(round(' ~ x ~ ") as numeric), 'FM999,999,999,999,999,999')") -}}
{% endmacro %}


{% macro postgres___zones_like(name) %}
    {%- set literal = driftline._literal(name) -%}
    {%- set found = run_query('select name from pg_timezone_names where lower(name) = lower(' ~ literal ~ ')') -%}
    {{- return(found.columns[0].values() | list) -}}
{% endmacro %}


{# dbt has the driver's names here, and a number for a type the driver has no name for. #}
{% macro postgres___type_of_result(data_type) %}
    {%- if data_type.startswith('unknown type_code ') -%}
        {%- set found = run_query('select format_type(' ~ data_type[18:] | int ~ ', null)') -%}
        {{- return(found.rows[0][0]) -}}
    {%- elif data_type.endswith('ARRAY') -%}
        {{- return(data_type[:-5] | lower ~ '[]') -}}
    {%- endif -%}
    {{- return(data_type | lower) -}}
{% endmacro %}


{# Views are bound to the table itself: dropped with it, whatever takes its name. #}
{% macro postgres___full_refresh() %}
    {{- return(false) -}}
{% endmacro %}


{#
    Postgres cuts a name off after 63 bytes, without a word; dbt counts characters. Its temporary table has the first 42
    characters of the name and an ending: of a name that fills 63 bytes with no more characters than that, the ending is
    cut off and the two are one.
#}
{% macro postgres___check_identifier(monitor) %}
    {%- if flags.INTROSPECT is not false -%}
        {%- set name = driftline._literal(this.identifier) -%}
        {%- set lengths = run_query('select octet_length(' ~ name ~ '), char_length(' ~ name ~ ')').rows[0] -%}
        {%- if lengths[0] > 63 or lengths[0] == 63 and lengths[1] <= 42 -%}
            {{- driftline._fail(
                monitor, 'name of the file', '"' ~ this.identifier ~ '", which is ' ~ lengths[0] ~ ' bytes long',
                'a name of up to 62 bytes (63 where every letter takes one), which is what Postgres keeps of a name'
            ) -}}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{#
    Two runs that write one table would both insert their rows, and two builds would drop each other's tables. So the
    first model of a run that comes here marks all that the run is going to write by advisory locks, which the
    connection holds until dbt ends, however it ends. A run that finds another's mark on anything of its own stops: of
    two runs one always goes on, and runs that have nothing in common do not see each other.

    The mark: a shared lock whose first key is what is written and whose second is the run, so that it can be read in
    pg_locks whose it is. Looking and marking is done by one run at a time, under a lock of its own.
#}
{% macro postgres___alone() %}
    {%- set written = [] -%}
    {%- for id in selected_resources if id in graph.nodes -%}
        {%- set node = graph.nodes[id] -%}
        {%- set is_ours = node.package_name == 'driftline' or 'driftline' in node.config.meta -%}
        {%- if is_ours and node.resource_type == 'model' and node.relation_name -%}
            {%- do written.append('(' ~ driftline._literal(node.relation_name) ~ ')') -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if adapter.type() != 'postgres' or not written -%}{{- return('') -}}{%- endif -%}
    {%- set run = 'hashtext(' ~ driftline._literal(invocation_id) ~ ')' -%}
    {%- set marks %}
    with written as (
        select name, hashtext(name) as key from (values {{ written | join(', ') }}) as w (name)
    ),

    marks as (
        select w.name, l.pid, l.objid::bigint = {{ run }}::bigint & 4294967295 as is_own
        from written as w
        join pg_catalog.pg_locks as l on l.classid::bigint = w.key::bigint & 4294967295
        where l.locktype = 'advisory' and l.objsubid = 2
            and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
    )
    {% endset -%}
    {%- do run_query("select count(pg_advisory_lock(hashtext('driftline'), 0))") -%}
    {%- do run_query(
        marks ~ 'select count(pg_advisory_lock_shared(key, ' ~ run
            ~ ')) from written where not exists (select 1 from marks)'
    ) -%}
    {%- set others = run_query(
        marks ~ 'select m.name, m.pid, a.usename, a.backend_start::timestamp(0)::text'
        ~ ' from marks as m left join pg_catalog.pg_stat_activity as a on a.pid = m.pid'
        ~ ' where not m.is_own'
        ~ ' order by m.name = ' ~ driftline._literal(model.relation_name or '') ~ ' desc, m.name limit 1'
    ).rows -%}
    {%- do run_query("select count(pg_advisory_unlock(hashtext('driftline'), 0))") -%}
    {%- if others | length > 0 -%}
        {%- set other = others[0] -%}
        {{- exceptions.raise_compiler_error(
            "driftline: '" ~ model.name ~ "': another build is running: process " ~ other[1] ~ ' of ' ~ target.host
            ~ (', user ' ~ other[2] if other[2] is not none else '')
            ~ (', since ' ~ other[3] if other[3] is not none else '')
            ~ ', is at work on ' ~ other[0]
            ~ '. This run leaves that as it is: start it again when the other has ended.'
        ) -}}
    {%- endif -%}
{% endmacro %}


{% macro postgres___can_delete_windows() %}
    {{- return(true) -}}
{% endmacro %}
