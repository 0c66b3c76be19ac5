{# The languages there are; what one lacks is said in the first. How another is added: docs/words.md. #}
{% macro _languages() %}
    {{- return(['en', 'ja']) -}}
{% endmacro %}


{# The texts of a language: {key: template}. #}
{% macro _words_of(language) %}
    {%- if language == 'ja' -%}{{- return(driftline._words_ja()) -}}{%- endif -%}
    {{- return(driftline._words_en()) -}}
{% endmacro %}


{# The same with what the language lacks in the first: what _phrase is given, made once where a language is chosen. #}
{% macro _texts_of(language) %}
    {%- set texts = driftline._words_of(driftline._languages() | first) -%}
    {%- do texts.update(driftline._words_of(language)) -%}
    {{- return(texts) -}}
{% endmacro %}


{# Forms of how something is written: a language takes of the placeholders what it needs. #}
{% macro _free_forms() %}
    {{- return(['date', 'moment', 'month']) -}}
{% endmacro %}


{# The language of driftline_alerts and driftline_incidents: the var driftline_language. #}
{% macro _language() %}
    {%- set language = driftline._var('driftline_language', driftline._languages() | first) -%}
    {%- if language not in driftline._languages() -%}
        {{- exceptions.raise_compiler_error("driftline: var 'driftline_language': given " ~ tojson(language | string)
            ~ '; allowed: ' ~ driftline._languages() | join(', ')) -}}
    {%- endif -%}
    {{- return(language) -}}
{% endmacro %}


{#
    A text of the catalogue as SQL, never NULL.

    texts     of a language: _texts_of
    key       which text
    values    {placeholder: SQL of a text}

    A text with several forms is {form: template}, and what chooses among them:
    one, other   the value of `count`, a text: '1' or any other
    open, over   the value of `status`
#}
{% macro _phrase(texts, key, values={}) %}
    {%- set template = texts.get(key) -%}
    {%- if template is none -%}
        {{- exceptions.raise_compiler_error("driftline: no text has the key '" ~ key ~ "'") -}}
    {%- elif template is string -%}
        {{- return(driftline._filled(template, values)) -}}
    {%- elif 'one' in template -%}
        {{- return("(case when " ~ values.count ~ " = '1' then " ~ driftline._filled(template.one, values)
            ~ ' else ' ~ driftline._filled(template.other, values) ~ ' end)') -}}
    {%- endif -%}
    {{- return("(case when " ~ values.status ~ " = 'open' then " ~ driftline._filled(template.open, values)
        ~ ' else ' ~ driftline._filled(template.over, values) ~ ' end)') -}}
{% endmacro %}


{# A template with its placeholders filled, as SQL. A value that is not known is a question mark. #}
{% macro _filled(template, values) %}
    {%- if '{' not in template -%}{{- return(driftline._text(template)) -}}{%- endif -%}
    {#- The values are texts by their type, and make one of what stands between them. -#}
    {%- set parts = [] -%}
    {%- for piece in template.split('{') -%}
        {%- set name, found, rest = piece.partition('}') -%}
        {%- if loop.first -%}
            {%- do parts.append(driftline._literal(piece)) if piece -%}
        {%- else -%}
            {%- do parts.append('coalesce(' ~ values[name] ~ ", '?')") -%}
            {%- do parts.append(driftline._literal(rest)) if rest -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return('(' ~ parts | join(' || ') ~ ')') -}}
{% endmacro %}
