{#
    Redshift. Emulated on Postgres (docs/emulated.md), never run on Redshift itself.

    dbt takes Postgres' answer where Redshift has none of its own; so each point that Postgres answers is answered here
    too, if only by the default, or stands in the list of tests/lint/test_engines.py with the reason.

    | point | answer | why |
    |---|---|---|
    | `_literal` | backslashes and quotes escaped | a backslash begins an escape, as in Postgres 8.0: https://docs.aws.amazon.com/redshift/latest/dg/r_Examples_with_character_types.html |
    | `_type_text` | varchar(65535) | TEXT is 256 bytes: https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html |
    | `_utc_now` | getdate() | https://docs.aws.amazon.com/redshift/latest/dg/r_GETDATE.html |
    | `_first_replaced` | groups by $1 | https://docs.aws.amazon.com/redshift/latest/dg/REGEXP_REPLACE.html |
    | `_number_text` | by decimal(38, 18) | a bare NUMERIC is (18, 0): https://docs.aws.amazon.com/redshift/latest/dg/r_Numeric_types201.html |
    | `_double_of` | default | numbers end at 38 digits: https://docs.aws.amazon.com/redshift/latest/dg/r_Numeric_types201.html |
    | `_byte_order` | default | there is no COLLATE "C"; order is by bytes: https://docs.aws.amazon.com/redshift/latest/dg/c_collation_sequences.html |
    | `_is_finite_time`, `_zones_like` | default | of the leader node only: https://docs.aws.amazon.com/redshift/latest/dg/c_SQL_functions_leader_node_only.html |
    | `_reference_quantiles` | default | all PERCENTILE_CONT of a statement have one order, and there are no arrays: https://docs.aws.amazon.com/redshift/latest/dg/r_PERCENTILE_CONT.html |
    | `_with_medians` | a join to the rows of the frame | MEDIAN has no frames: https://docs.aws.amazon.com/redshift/latest/dg/r_WF_MEDIAN.html |
    | `_knows_ranges` | false | frames are of ROWS: https://docs.aws.amazon.com/redshift/latest/dg/r_Window_function_synopsis.html |
    | `_count_numeric`, `_count_categories`, `_select_rows_once` | default | width_bucket of arrays, FILTER: https://docs.aws.amazon.com/redshift/latest/dg/c_unsupported-postgresql-functions.html |
    | `_constant_rows` | default | no VALUES in FROM: https://docs.aws.amazon.com/redshift/latest/dg/c_unsupported-postgresql-features.html |
    | `_computed_once`, `_in_place`, `_indexes` | default | no MATERIALIZED, no indexes: https://docs.aws.amazon.com/redshift/latest/dg/r_WITH_clause.html |
    | `_alone` | default | no advisory locks: https://docs.aws.amazon.com/redshift/latest/dg/c_unsupported-postgresql-functions.html |
    | `_check_identifier` | 127 bytes | https://docs.aws.amazon.com/redshift/latest/dg/r_names.html |
    | `_is_there` | default | a query may read another database: https://docs.aws.amazon.com/redshift/latest/dg/cross-database-overview.html |
    | `_type_of_result`, `_other_types_join` | default | another driver, fewer types: https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html |
    | `_can_delete_windows` | default | not tried: https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html |
    | `_union` | union | DISTINCT is no word of it: https://docs.aws.amazon.com/redshift/latest/dg/r_UNION.html |
    | `_enforce_contract` | false | the contracts' `string` would be 256 bytes: https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html |
    | `_placement` | the state sorted by period | so that a run reads few blocks of it: https://docs.aws.amazon.com/redshift/latest/dg/t_Sorting_data.html |
    | `_most_bytes` | 16,000,000 | https://docs.aws.amazon.com/redshift/latest/dg/c_redshift-sql.html |
#}


{% macro redshift___literal(text) %}
    {{- return(driftline._escaped_literal(text)) -}}
{% endmacro %}


{% macro redshift___type_text() %}
    {{- return('varchar(65535)') -}}
{% endmacro %}


{% macro redshift___utc_now() %}
    {{- return('getdate()') -}}
{% endmacro %}


{% macro redshift___first_replaced(text, pattern, by) %}
    {{- return('regexp_replace(' ~ text ~ ', ' ~ driftline._literal(pattern) ~ ', '
        ~ driftline._literal(by | replace('\\', '$')) ~ ')') -}}
{% endmacro %}


{% macro redshift___number_text(expression, data_type) %}
    {{- return(driftline._number_text_by(expression, data_type, 'decimal(38, 18)', '1e18')) -}}
{% endmacro %}


{% macro redshift___double_of(expression, data_type) %}
    {{- return(driftline.default___double_of(expression, data_type)) -}}
{% endmacro %}


{% macro redshift___byte_order(expression) %}
    {{- return(driftline.default___byte_order(expression)) -}}
{% endmacro %}


{% macro redshift___is_finite_time(expression) %}
    {{- return(driftline.default___is_finite_time(expression)) -}}
{% endmacro %}
{% macro redshift___zones_like(name) %}
    {{- return(driftline.default___zones_like(name)) -}}
{% endmacro %}


{% macro redshift___reference_quantiles(columns, rows) %}
    {{- driftline.default___reference_quantiles(columns, rows) -}}
{% endmacro %}
{% macro redshift___with_medians(relation, medians) %}
    {{- driftline._medians_by_join(relation, medians) -}}
{% endmacro %}
{% macro redshift___knows_ranges() %}
    {{- return(false) -}}
{% endmacro %}


{% macro redshift___count_numeric(columns, rows, keys) %}
    {{- driftline.default___count_numeric(columns, rows, keys) -}}
{% endmacro %}
{% macro redshift___count_categories(columns, rows, keys) %}
    {{- driftline.default___count_categories(columns, rows, keys) -}}
{% endmacro %}
{% macro redshift___select_rows_once(rows, values) %}
    {{- return(driftline.default___select_rows_once(rows, values)) -}}
{% endmacro %}
{% macro redshift___constant_rows(names, rows) %}
    {{- driftline.default___constant_rows(names, rows) -}}
{% endmacro %}


{% macro redshift___computed_once() %}
    {{- return(driftline.default___computed_once()) -}}
{% endmacro %}
{% macro redshift___in_place() %}
    {{- return(driftline.default___in_place()) -}}
{% endmacro %}
{% macro redshift___indexes(columns) %}
    {{- return(driftline.default___indexes(columns)) -}}
{% endmacro %}
{% macro redshift___alone() %}
    {{- return(driftline.default___alone()) -}}
{% endmacro %}


{% macro redshift___check_identifier(monitor) %}
    {{- driftline._check_length_of_name(monitor, 'Redshift', 127, 0, 'bytes') -}}
{% endmacro %}


{% macro redshift___is_there(relation) %}
    {{- return(driftline.default___is_there(relation)) -}}
{% endmacro %}


{% macro redshift___type_of_result(data_type) %}
    {{- return(driftline.default___type_of_result(data_type)) -}}
{% endmacro %}
{% macro redshift___other_types_join(one, two) %}
    {{- return(driftline.default___other_types_join(one, two)) -}}
{% endmacro %}


{% macro redshift___can_delete_windows() %}
    {{- return(driftline.default___can_delete_windows()) -}}
{% endmacro %}


{% macro redshift___union() %}
    {{- return('union') -}}
{% endmacro %}


{% macro redshift___enforce_contract() %}
    {{- return(false) -}}
{% endmacro %}


{% macro redshift___placement(kind) %}
    {{- return({'sort': ['period_start']} if kind == 'state' else {}) -}}
{% endmacro %}


{% macro redshift___most_bytes() %}
    {{- return(16000000) -}}
{% endmacro %}
