{# Checks of row expressions: by their text, and by what the warehouse makes of them. #}


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
            {%- if character == ',' and at.depth == 0 -%}
                {%- set at.problem = 'more than one expression' -%}
            {%- elif character in [';', '\\', '$', '#', '{', '}', '@'] -%}
                {%- set at.problem = "the character '" ~ character ~ "'" -%}
            {%- endif -%}
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
        {%- if word in ['sum', 'count', 'avg', 'min', 'max'] and loop.index0 + 1 < words | length
            and words[loop.index0 + 1] == '(' -%}
            {%- set at.problem = "the aggregate '" ~ word ~ "' (driftline sums the expression itself)" -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if at.problem != '' -%}
        {{- driftline._fail(monitor, argument, tojson(given) ~ ', which has ' ~ at.problem, allowed) -}}
    {%- endif -%}
{% endmacro %}


{# What only the warehouse knows of a declaration: its relations, its time zones, and the types of row expressions. #}
{% macro _check_with_warehouse(declaration) %}
    {%- if execute and flags.INTROSPECT is not false -%}
        {{- driftline._check_relations(declaration) -}}
        {{- driftline._check_zone_is_known(declaration.monitor, 'timezone', declaration.arguments.timezone) -}}
        {%- if declaration.sites is none -%}{{- driftline._check_types_of_expressions(declaration) -}}{%- endif -%}
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
