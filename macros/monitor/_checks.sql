{# Checks of single arguments. Each stops the compile through _fail, or says nothing. #}

{% macro _check_choice(monitor, argument, given, choices) %}
    {%- if given not in choices -%}
        {{- driftline._fail(monitor, argument, tojson(given | string), choices | join(', ')) -}}
    {%- endif -%}
{% endmacro %}


{# One of the choices or a list of them. Returns the list, without repetitions and in the order of the choices. #}
{% macro _check_choices(monitor, argument, given, choices) %}
    {%- set listed = [given] if given is string else given -%}
    {%- set allowed = choices | join(', ') ~ ', or a list of them' -%}
    {%- if listed is mapping or listed is not sequence or listed | length == 0 -%}
        {{- driftline._fail(monitor, argument, driftline._shown(given), allowed) -}}
    {%- endif -%}
    {%- for choice in listed if choice not in choices -%}
        {{- driftline._fail(monitor, argument, driftline._shown(choice), allowed) -}}
    {%- endfor -%}
    {{- return(choices | select('in', listed) | list) -}}
{% endmacro %}


{#
    A whole number, written as one: 2.0 is not. `most` is far beyond what anybody means and short of what the arithmetic
    of the engines can do.
#}
{% macro _check_count(monitor, argument, given, least, most=50000) %}
    {%- if given is boolean or given is not integer or given < least -%}
        {{- driftline._fail(monitor, argument, tojson(given | string), 'a whole number, ' ~ least ~ ' or more') -}}
    {%- elif given > most -%}
        {{- driftline._fail(monitor, argument, tojson(given | string),
            'a whole number from ' ~ least ~ ' to ' ~ most) -}}
    {%- endif -%}
{% endmacro %}


{# Whether a value is a number that can be reckoned with: not NaN, not infinite, and not beyond 1e300 either. #}
{% macro _is_finite(given) %}
    {{- return(given is number and given is not boolean and -1e300 <= given and given <= 1e300) -}}
{% endmacro %}


{# A value as a message shows it. #}
{% macro _shown(given) %}
    {{- return(tojson(given if given is string or given is number or given is boolean or given is none
        else given | string)) -}}
{% endmacro %}


{# Whether a value is what ref() or source() return. A mapping with the key `identifier` is not. #}
{% macro _is_relation(given) %}
    {%- if given is none or given is string or given is number or given.identifier is not defined -%}
        {{- return(false) -}}
    {%- endif -%}
    {{- return(given.identifier is string and (given | string)[:1] != '{') -}}
{% endmacro %}


{# No undefined value, and in no text a character that no warehouse stores. #}
{% macro _check_texts(monitor, argument, given) %}
    {%- if given is undefined -%}
        {{- driftline._fail(monitor, argument, 'something undefined', 'a value') -}}
    {%- elif given is string and '\x00' in given -%}
        {{- driftline._fail(monitor, argument, tojson(given), 'texts without the character NUL') -}}
    {%- elif given is mapping and not driftline._is_relation(given) -%}
        {%- for key in given -%}
            {{- driftline._check_texts(monitor, argument, key) -}}
            {{- driftline._check_texts(monitor, argument ~ '.' ~ key, given[key]) -}}
        {%- endfor -%}
    {%- elif given is sequence and given is not string and given is not mapping -%}
        {%- for part in given -%}{{- driftline._check_texts(monitor, argument, part) -}}{%- endfor -%}
    {%- endif -%}
{% endmacro %}


{# Classes, by which the warehouse's values are found: all texts, all numbers, or true and false. #}
{% macro _check_classes(monitor, argument, given) %}
    {%- set kinds = [] -%}
    {%- for class in given -%}
        {%- set kind = 'text' if class is string else ('truth' if class is boolean else (
            'number' if driftline._is_finite(class) else 'nothing')) -%}
        {%- if kind not in kinds -%}{%- do kinds.append(kind) -%}{%- endif -%}
    {%- endfor -%}
    {%- if kinds | length > 1 or kinds == ['nothing'] -%}
        {{- driftline._fail(monitor, argument, tojson(given | string), 'classes that are all texts or all numbers') -}}
    {%- endif -%}
{% endmacro %}


{% macro _check_name(monitor, argument, given) %}
    {%- if given is not string or given | trim == '' -%}
        {{- driftline._fail(monitor, argument, tojson(given | string), 'the name of a column') -}}
    {%- endif -%}
{% endmacro %}


{# Returns the list without repetitions. #}
{% macro _check_names(monitor, argument, given) %}
    {%- if given is none -%}{{- return([]) -}}{%- endif -%}
    {%- if given is string or given is mapping or given is not sequence -%}
        {{- driftline._fail(monitor, argument, tojson(given | string), 'a list of columns') -}}
    {%- endif -%}
    {%- set names = [] -%}
    {%- for name in given -%}
        {{- driftline._check_name(monitor, argument, name) -}}
        {%- if name not in names -%}{%- do names.append(name) -%}{%- endif -%}
    {%- endfor -%}
    {{- return(names) -}}
{% endmacro %}


{# Returns own bin edges as a list of numbers. #}
{% macro _check_edges(monitor, argument, given) %}
    {%- set allowed = 'a list of numbers, each larger than the one before' -%}
    {%- if given is string or given is mapping or given is not sequence or given | length == 0 -%}
        {{- driftline._fail(monitor, argument, tojson(given | string), allowed) -}}
    {%- elif given | length > 1000 -%}
        {{- driftline._fail(monitor, argument, given | length ~ ' edges', 'a list of at most 1000 numbers') -}}
    {%- endif -%}
    {%- for edge in given -%}
        {%- if not driftline._is_finite(edge) or (not loop.first and edge <= given[loop.index0 - 1]) -%}
            {{- driftline._fail(monitor, argument, tojson(given | string), allowed) -}}
        {%- endif -%}
    {%- endfor -%}
    {{- return(given) -}}
{% endmacro %}


{#
    A row expression is SQL by design, so it is not escaped but held to one scalar expression: nothing that ends it,
    opens a statement, a comment or a subquery, or leaves the brackets it is put into. `driftline validate` parses it
    in the target's dialect as well.
#}
{% macro _check_expression(monitor, argument, given) %}
    {%- set allowed = 'one scalar SQL expression over the columns of a row' -%}
    {%- if given is not string or given | trim == '' -%}
        {{- driftline._fail(monitor, argument, tojson(given | string), allowed ~ ', as text') -}}
    {%- endif -%}
    {%- set at = namespace(quote='', depth=0, code='', problem='') -%}
    {%- for character in given | list -%}
        {%- if at.quote != '' -%}
            {%- if character == '\\' -%}{%- set at.problem = 'a backslash' -%}{%- endif -%}
            {%- if character == at.quote -%}{%- set at.quote = '' -%}{%- endif -%}
        {%- elif character in ["'", '"', '`'] -%}
            {%- set at.quote = character -%}
            {%- set at.code = at.code ~ ' ' -%}
        {%- else -%}
            {%- set at.code = at.code ~ character -%}
            {%- if character == '(' -%}{%- set at.depth = at.depth + 1 -%}{%- endif -%}
            {%- if character == ')' -%}{%- set at.depth = at.depth - 1 -%}{%- endif -%}
            {%- if at.depth < 0 -%}{%- set at.problem = 'a closing bracket too many' -%}{%- endif -%}
            {%- if character == ',' and at.depth == 0 -%}{%- set at.problem = 'more than one expression' -%}{%- endif -%}
            {%- if character in [';', '\\', '$', '#', '{', '}', '@'] -%}{%- set at.problem = "the character '" ~ character ~ "'" -%}{%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if at.quote != '' -%}{%- set at.problem = 'a quote that does not end' -%}{%- endif -%}
    {%- if at.depth > 0 -%}{%- set at.problem = 'a bracket that does not close' -%}{%- endif -%}
    {%- if '--' in at.code or '/*' in at.code or '*/' in at.code -%}{%- set at.problem = 'a comment' -%}{%- endif -%}
    {%- set words = at.code | lower | replace('(', ' ( ') | replace(')', ' ) ') | replace(',', ' , ') -%}
    {%- set words = words.split() -%}
    {%- for word in words -%}
        {%- if word in ['select', 'with', 'union', 'into', 'insert', 'update', 'delete', 'drop', 'over'] -%}
            {%- set at.problem = "the word '" ~ word ~ "'" -%}
        {%- endif -%}
        {%- if word in ['from', 'table', 'values'] and (loop.first or words[loop.index0 - 1] == '(') -%}
            {%- set at.problem = 'a subquery' -%}
        {%- endif -%}
        {%- if word in ['sum', 'count', 'avg', 'min', 'max'] and loop.index0 + 1 < words | length and words[loop.index0 + 1] == '(' -%}
            {%- set at.problem = "the aggregate '" ~ word ~ "' (driftline sums the expression itself)" -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if at.problem != '' -%}
        {{- driftline._fail(monitor, argument, tojson(given) ~ ', which has ' ~ at.problem, allowed) -}}
    {%- endif -%}
{% endmacro %}


{# What only the warehouse knows of a declaration: its time zones, and the types of row expressions. #}
{% macro _check_with_warehouse(declaration) %}
    {%- if execute and flags.INTROSPECT is not false -%}
        {{- driftline._check_zone_is_known(declaration.monitor, 'timezone', declaration.arguments.timezone) -}}
        {{- driftline._check_types_of_expressions(declaration) -}}
    {%- endif -%}
{% endmacro %}


{#
    Row expressions must be numbers, or yes and no: a text that is cast to a number fails at the first row that has
    none, with an error that names neither monitor nor argument. The warehouse is asked for the types; no row is read.
    Where it refuses an expression its own error quotes the line, and with it the name of the argument.
#}
{% macro _check_types_of_expressions(declaration) %}
    {%- set expressions = [] -%}
    {%- for metric in declaration.metrics -%}
        {%- set name = 'business_metrics.' ~ metric.name -%}
        {%- set parts = {'sum': metric.numerator} if metric.denominator is none
            else {'numerator': metric.numerator, 'denominator': metric.denominator} -%}
        {%- for part in parts -%}
            {%- do expressions.append({'argument': name ~ '.' ~ part, 'sql': parts[part]}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if declaration.arguments.weight is not none -%}
        {%- do expressions.append({'argument': 'weight', 'sql': declaration.arguments.weight}) -%}
    {%- endif -%}
    {%- set types = {} -%}
    {%- do declaration.update({'types_of_expressions': types}) -%}
    {#- A compile before the first build has no relation to ask. -#}
    {%- if expressions and adapter.get_columns_in_relation(declaration.relation) -%}
        {%- for expression in expressions -%}
            {#- DuckDB's error quotes the line behind the place,
                by the length of the comment that dbt begins a query with. -#}
            {%- set mark = '/* argument ' ~ driftline._comment(expression.argument) ~ ' */ ' -%}
            {%- do expression.update({'mark': mark * (500 // mark | length + 1)}) -%}
        {%- endfor -%}
        {%- set asked -%}
select
{%- for expression in expressions %}
({{ expression.sql }}) as e{{ loop.index0 }} {{ expression.mark }}
{{- ',' if not loop.last }}
{%- endfor %}
from {{ declaration.relation }}
where 1 = 0
{%- for expression in expressions %}
    or ({{ expression.sql }}) is null and 1 = 0 {{ expression.mark }}
{%- endfor %}
        {%- endset -%}
        {#- Twice: where dbt describes a query, DuckDB's error has lost the line. -#}
        {%- do run_query(asked) -%}
        {%- for column in adapter.get_column_schema_from_query(asked) -%}
            {%- set type = driftline._type_of_result(column.data_type) -%}
            {%- do types.update({expressions[loop.index0].argument: type}) -%}
            {%- if driftline._type_kind(type) not in ['integer', 'numeric', 'boolean'] -%}
                {%- set expression = expressions[loop.index0] -%}
                {{- driftline._fail(
                    declaration.monitor, expression.argument, tojson(expression.sql) ~ ' of type ' ~ type,
                    'one scalar SQL expression over the columns of a row, of a numeric type or a boolean'
                ) -}}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}


{# A text for a comment in SQL: nothing that ends the comment or opens another. #}
{% macro _comment(text) %}
    {{- return(text | replace('*', ' ') | replace('/', ' ') | replace('\n', ' ') | replace('\r', ' ')) -}}
{% endmacro %}
