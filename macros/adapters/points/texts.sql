{# Literals and names, and the one text of a value. #}


{# A text as an SQL literal. #}
{% macro _literal(text) %}
    {#- There are thousands, and asking takes its time: only what needs escaping is asked for. -#}
    {%- set plain = text | string -%}
    {%- if "'" not in plain and '\\' not in plain and '\n' not in plain and '\r' not in plain -%}
        {{- return("'" ~ plain ~ "'") -}}
    {%- endif -%}
    {{- return(adapter.dispatch('_literal', 'driftline')(text | string)) -}}
{% endmacro %}
{% macro default___literal(text) %}
    {{- return("'" ~ text | replace("'", "''") ~ "'") -}}
{% endmacro %}


{% macro _literal_or_null(value) %}
    {{- return('null' if value is none or value is undefined else driftline._literal(value)) -}}
{% endmacro %}


{#
    The same where a backslash in a literal begins an escape, as it does on most engines that are neither DuckDB nor
    Postgres: for an engine's own `_literal`.
#}
{% macro _escaped_literal(text) %}
    {%- set escaped = text | replace('\\', '\\\\') | replace("'", "\\'") -%}
    {{- return("'" ~ escaped | replace('\n', '\\n') | replace('\r', '\\r') ~ "'") -}}
{% endmacro %}


{# The name of a column, quoted; a quote in it is doubled, which adapter.quote leaves to us. #}
{% macro _quoted(name) %}
    {{- return(adapter.dispatch('_quoted', 'driftline')(name)) -}}
{% endmacro %}
{% macro default___quoted(name) %}
    {%- set mark = adapter.quote('a')[0] -%}
    {{- return(adapter.quote(name | replace(mark, mark ~ mark))) -}}
{% endmacro %}


{# A text ordered by its bytes, so that ties break the same way everywhere. #}
{% macro _byte_order(expression) %}
    {{- return(adapter.dispatch('_byte_order', 'driftline')(expression)) -}}
{% endmacro %}
{% macro default___byte_order(expression) %}
    {{- return(expression) -}}
{% endmacro %}


{#
    The one text of a number, whatever its type prints: no exponent, no zeros at the end, no point where it is whole. A
    number of floating point is spelled by the fewest digits that read back as it, a whole one in full.

    expression  SQL
    data_type   the column's declared type
#}
{% macro _number_text(expression, data_type) %}
    {{- return(adapter.dispatch('_number_text', 'driftline')(expression, data_type | lower)) -}}
{% endmacro %}
{% macro default___number_text(expression, data_type) %}
    {{- return(driftline._number_text_by(expression, data_type, 'numeric', '1.7976931348623157e308')) -}}
{% endmacro %}
{#
    By an exact type that takes the text of any number up to some size; what is larger and no whole number below 9e18
    stays as the engine prints it, and what is no number is spelled as everywhere.
#}
{% macro _number_text_by(expression, data_type, exact, largest) %}
    {%- set text = driftline._as_text(expression) -%}
    {%- if data_type.split('(')[0] in ['decimal', 'numeric', 'number', 'bignumeric', 'bigdecimal', 'dec'] -%}
        {{- return(driftline._without_zeros(text)) -}}
    {%- endif -%}
    {%- set whole = driftline._as_text('cast(' ~ expression ~ ' as ' ~ dbt.type_bigint() ~ ')') -%}
    {%- set digits = driftline._without_zeros(driftline._as_text('cast(' ~ text ~ ' as ' ~ exact ~ ')')) -%}
    {{- return(
        'case when abs(' ~ expression ~ ') < 9e18 and ' ~ expression ~ ' = floor(' ~ expression ~ ') then ' ~ whole
        ~ ' when abs(' ~ expression ~ ') <= ' ~ largest ~ ' then ' ~ digits
        ~ ' when ' ~ driftline._is_nan(expression) ~ " then 'NaN' when " ~ expression
        ~ " > 1.7976931348623157e308 then 'Infinity' when " ~ expression
        ~ " < -1.7976931348623157e308 then '-Infinity' else " ~ text ~ ' end'
    ) -}}
{% endmacro %}


{# Digits without the zeros at the end of a fraction. #}
{% macro _without_zeros(text) %}
    {%- set bare = driftline._without_end_zeros(text) -%}
    {{- return('case when ' ~ text ~ " like '%.%' then " ~ bare ~ ' else ' ~ text ~ ' end') -}}
{% endmacro %}
{# The same where there is a fraction. #}
{% macro _without_end_zeros(text) %}
    {{- return(driftline._stripped(driftline._stripped(text, '0', 'trailing'), '.', 'trailing')) -}}
{% endmacro %}


{# A text without all of one character at one of its ends: `leading` or `trailing`. #}
{% macro _stripped(text, character, end) %}
    {{- return(adapter.dispatch('_stripped', 'driftline')(text, character, end)) -}}
{% endmacro %}
{% macro default___stripped(text, character, end) %}
    {{- return({'leading': 'ltrim', 'trailing': 'rtrim'}[end] ~ '(' ~ text ~ ", '" ~ character ~ "')") -}}
{% endmacro %}


{#
    The one text of a date or a timestamp: 2024-01-31, and with the time of day (in UTC where there is a zone) unless
    that is midnight.

    kind  date, naive or zoned
#}
{% macro _time_text(expression, kind) %}
    {%- set naive = '(' ~ driftline._local_time(expression, kind, 'UTC') ~ ')' if kind == 'zoned' else expression -%}
    {{- return(adapter.dispatch('_time_text', 'driftline')(naive, kind)) -}}
{% endmacro %}
{% macro default___time_text(expression, kind) %}
    {%- if kind == 'date' -%}{{- return(driftline._as_text(expression)) -}}{%- endif -%}
    {%- set day = 'cast(' ~ expression ~ ' as date)' -%}
    {{- return(
        'case when ' ~ expression ~ ' = ' ~ driftline._as_timestamp(day) ~ ' then ' ~ driftline._as_text(day)
        ~ ' else ' ~ driftline._as_text(expression) ~ ' end'
    ) -}}
{% endmacro %}


{#
    A text with the first match of a regular expression replaced; \1 and \2 stand for what its groups have matched.
    Patterns are anchored, so that engines which replace every match replace one.
#}
{% macro _first_replaced(text, pattern, by) %}
    {{- return(adapter.dispatch('_first_replaced', 'driftline')(text, pattern, by)) -}}
{% endmacro %}
{% macro default___first_replaced(text, pattern, by) %}
    {{- return('regexp_replace(' ~ text ~ ", '" ~ pattern ~ "', '" ~ by ~ "')") -}}
{% endmacro %}


{# Whether a text matches a regular expression. #}
{% macro _matches(text, pattern) %}
    {{- return(adapter.dispatch('_matches', 'driftline')(text, pattern)) -}}
{% endmacro %}
{% macro default___matches(text, pattern) %}
    {{- return('regexp_like(' ~ text ~ ", '" ~ pattern ~ "')") -}}
{% endmacro %}


{# Whether a text has another within it. #}
{% macro _contains(text, part) %}
    {{- return(adapter.dispatch('_contains', 'driftline')(text, part)) -}}
{% endmacro %}
{% macro default___contains(text, part) %}
    {{- return('position(' ~ part ~ ' in ' ~ text ~ ') > 0') -}}
{% endmacro %}


{#
    A number with so many decimals as a text; without any it is whole already. Where the number is not finite, or has
    more than 15 digits before the point, nobody looks at it: an engine that computes all branches of a CASE says NULL.
#}
{% macro _decimal_text(x, decimals) %}
    {{- return(adapter.dispatch('_decimal_text', 'driftline')(x, decimals)) -}}
{% endmacro %}
{% macro default___decimal_text(x, decimals) %}
    {%- set type = 'numeric(18, ' ~ decimals ~ ')' if decimals else dbt.type_int() -%}
    {{- return(driftline._as_text('cast(' ~ x ~ ' as ' ~ type ~ ')')) -}}
{% endmacro %}


{# A number of 1,000 to 1e15 as a text without decimals, thousands separated where the engine can. #}
{% macro _whole_number(x) %}
    {{- return(adapter.dispatch('_whole_number', 'driftline')(x)) -}}
{% endmacro %}
{% macro default___whole_number(x) %}
    {{- return(driftline._as_text('cast(round(' ~ x ~ ') as ' ~ dbt.type_bigint() ~ ')')) -}}
{% endmacro %}
