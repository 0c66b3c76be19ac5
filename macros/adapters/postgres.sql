{#
    Postgres: what it says otherwise, why, and where that is documented.

    | point | answer | why |
    |---|---|---|
    | `_byte_order` | collate "C" | text is sorted by the collation of the database: https://www.postgresql.org/docs/current/collation.html |
    | `_is_finite_time` | isfinite | a time may be 'infinity', which has no date to reckon with: https://www.postgresql.org/docs/current/datatype-datetime.html#DATATYPE-DATETIME-SPECIAL-VALUES |
    | `_period_start` | a cast to date and back | date_trunc reads the name of its unit again for every row: https://www.postgresql.org/docs/current/functions-datetime.html#FUNCTIONS-DATETIME-TRUNC |
    | `_double_of` | by cases | a numeric may be over or under what a double holds, which is an error: https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-FLOAT |
    | `_other_types_join` | by name | few types are compared with another one: https://www.postgresql.org/docs/current/functions-comparison.html |
    | `_matches` | ~ | POSIX expressions have an operator: https://www.postgresql.org/docs/current/functions-matching.html#FUNCTIONS-POSIX-REGEXP |
    | `_time_text` | to_char | how a date is printed is a setting of the session: https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-DATESTYLE |
    | `_whole_number` | to_char | it separates thousands: https://www.postgresql.org/docs/current/functions-formatting.html |
    | `_constant_rows` | values | one relation and not one for each row: https://www.postgresql.org/docs/current/sql-values.html |
    | `_zones_like` | pg_timezone_names | names are found in any case, and used in their own: https://www.postgresql.org/docs/current/view-pg-timezone-names.html |
    | `_type_of_result` | format_type | dbt has the driver's names of types: https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-CATALOG |
    | `_reference_quantiles` | percentile_cont(array[…]) | one sort of a column for all its quantiles: postgres_counting.sql: https://www.postgresql.org/docs/current/functions-aggregate.html#FUNCTIONS-ORDEREDSET-TABLE |
    | `_count_numeric`, `_count_categories`, `_select_rows_once` | width_bucket, a branch for each column | parallel workers take a branch whose thresholds are constants: postgres_counting.sql: https://www.postgresql.org/docs/current/functions-math.html#FUNCTIONS-MATH-FUNC-TABLE |
    | `_with_medians` | percentile_cont over an array | ordered-set aggregates have no frames: postgres_counting.sql: https://www.postgresql.org/docs/current/sql-expressions.html#SYNTAX-WINDOW-FUNCTIONS |
    | `_computed_once`, `_in_place` | materialized, not materialized | what the planner does with a CTE can be said: postgres_building.sql: https://www.postgresql.org/docs/current/queries-with.html#QUERIES-WITH-CTE-MATERIALIZATION |
    | `_indexes` | one | rows are looked up: postgres_building.sql: https://www.postgresql.org/docs/current/indexes-intro.html |
    | `_full_refresh`, `_drop_statements` | false; cascade | views are bound to the table itself and dropped with it: postgres_building.sql, monitor/drop_former.sql: https://www.postgresql.org/docs/current/sql-droptable.html |
    | `_check_identifier` | 62 or 63 bytes | a longer name is cut off without a word: postgres_building.sql: https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS |
    | `_is_there` | in the database of the profile | a query sees no other: postgres_building.sql: https://www.postgresql.org/docs/current/manage-ag-overview.html |
    | `_alone` | advisory locks | two runs that write one table would both insert: postgres_building.sql: https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS |
    | `_can_delete_windows` | true | a transaction holds a deletion and an insertion together: postgres_building.sql: https://www.postgresql.org/docs/current/tutorial-transactions.html |
#}


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


{% macro postgres___constant_rows(names, rows) %}
    {{- return(driftline._constant_values(names, rows)) -}}
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
