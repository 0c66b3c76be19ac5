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
    Words for what is declared: {name: text}, each on one line.

    most      characters a text may have
    names     of the segments
    columns   what is declared of columns so far
#}
{% macro _declared_words(monitor, argument, most, a, names, columns) %}
    {%- set given = a[argument] -%}
    {%- if given is none -%}{{- return({}) -}}{%- endif -%}
    {%- if given is not mapping -%}
        {{- driftline._fail(monitor, argument, driftline._shown(given),
            "a dict of names and texts: {'item_price': '…'}") -}}
    {%- endif -%}
    {%- set known = columns | map(attribute='name') | list -%}
    {%- if argument == 'labels' -%}{%- do known.extend(names.segments) -%}{%- endif -%}
    {%- if a.business_metrics is mapping -%}{%- do known.extend(a.business_metrics.keys()) -%}{%- endif -%}
    {%- set words = {} -%}
    {%- for name, text in given.items() -%}
        {%- if name not in known -%}
            {{- driftline._fail(monitor, argument, driftline._shown(name), known | unique | join(', ')) -}}
        {%- endif -%}
        {%- set line = text.split() | join(' ') if text is string else '' -%}
        {%- if line == '' or line | length > most -%}
            {{- driftline._fail(monitor, argument ~ '.' ~ name, driftline._shown(text),
                'a text of 1 to ' ~ most ~ ' characters') -}}
        {%- endif -%}
        {%- do words.update({name: line}) -%}
    {%- endfor -%}
    {{- return(words) -}}
{% endmacro %}
