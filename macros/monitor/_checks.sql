{# Checks of single arguments. Each stops the compile through _fail, or says nothing. #}

{% macro _check_choice(monitor, argument, given, choices) %}
    {%- if given not in choices -%}
        {{- driftline._fail(monitor, argument, tojson(given | string), choices | join(', ')) -}}
    {%- endif -%}
{% endmacro %}


{% macro _check_count(monitor, argument, given, least) %}
    {%- if given is boolean or given is not number or given | int != given or given < least -%}
        {{- driftline._fail(monitor, argument, tojson(given | string), 'a whole number, ' ~ least ~ ' or more') -}}
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
    {%- endif -%}
    {%- for edge in given -%}
        {%- if edge is boolean or edge is not number or (not loop.first and edge <= given[loop.index0 - 1]) -%}
            {{- driftline._fail(monitor, argument, tojson(given | string), allowed) -}}
        {%- endif -%}
    {%- endfor -%}
    {{- return(given) -}}
{% endmacro %}


{# Returns a date or time as 'YYYY-MM-DD HH:MM:SS', so that texts compare as times do. #}
{% macro _moment(monitor, argument, given) %}
    {%- set text = given | string | trim | replace('T', ' ') -%}
    {%- set text = text ~ ' 00:00:00' if text | length == 10 else text -%}
    {%- set shape = namespace(ok=(text | length == 19)) -%}
    {%- if shape.ok -%}
        {%- for character in text | list -%}
            {%- set wanted = '0000-00-00 00:00:00'[loop.index0] -%}
            {%- if (wanted == '0' and character not in '0123456789') or (wanted != '0' and character != wanted) -%}
                {%- set shape.ok = false -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {#- And a day of the calendar: no 30th of February. -#}
    {%- if shape.ok -%}
        {%- set year = text[:4] | int -%}
        {%- set leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) -%}
        {%- set month = text[5:7] | int -%}
        {%- set days = [31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] if 1 <= month <= 12 else 0 -%}
        {%- set shape.ok = year >= 1 and 1 <= text[8:10] | int <= days and text[11:13] | int < 24 and text[14:16] | int < 60 and text[17:] | int < 60 -%}
    {%- endif -%}
    {%- if not shape.ok -%}
        {{- driftline._fail(monitor, argument, tojson(given | string), "'YYYY-MM-DD' or 'YYYY-MM-DD HH:MM:SS'") -}}
    {%- endif -%}
    {{- return(text) -}}
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
