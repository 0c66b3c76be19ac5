{#
    What a value counts as: a number, one text for all that are equal, a class. Two columns that hold the same values
    must give the same here, whatever their types print.
#}


{# The value of a numeric column as a double. A magnitude over 1e300 is left to the infinite bins:
    its sum could overflow. #}
{% macro _number_of(column) %}
    {%- if column.type == 'boolean' -%}
        {{- return('cast(case when ' ~ column.sql ~ ' then 1 when not ' ~ column.sql ~ ' then 0 end as '
            ~ driftline._type_double() ~ ')') -}}
    {%- endif -%}
    {{- return(driftline._double_of(column.sql, column.data_type)) -}}
{% endmacro %}


{#
    A weight, or 0 where it can be none: NULL, NaN, infinite, negative, or of a size whose square no sum could hold.
    Such a row counts as no rows, and cannot spoil the sums of the others.
#}
{% macro _usable_weight(weight) %}
    {{- return('case when ' ~ weight ~ ' between 1e-100 and 1e100 then ' ~ weight ~ ' else 0e0 end') -}}
{% endmacro %}


{#
    The row expressions of a declaration as doubles: {weight (SQL or none), metrics (those of the declaration with the
    SQL of numerator and denominator)}. No cast from boolean to double works everywhere, so it takes the types that the
    check of the expressions found; where the warehouse could not be asked they are taken to be numbers.
#}
{% macro _resolve_expressions(declaration) %}
    {%- set types = declaration.get('types_of_expressions', {}) -%}
    {%- set given = {} -%}
    {%- if declaration.arguments.weight is not none -%}
        {%- do given.update({'weight': declaration.arguments.weight}) -%}
    {%- endif -%}
    {%- for metric in declaration.metrics -%}
        {%- set argument = 'business_metrics.' ~ metric.name ~ '.' -%}
        {%- do given.update({argument ~ ('sum' if metric.denominator is none else 'numerator'): metric.numerator}) -%}
        {%- if metric.denominator is not none -%}
            {%- do given.update({argument ~ 'denominator': metric.denominator}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set doubles = {} -%}
    {%- for argument in given -%}
        {%- set data_type = types.get(argument, 'unknown') -%}
        {%- set column = {'sql': '(' ~ given[argument] ~ ')', 'type': driftline._type_kind(data_type),
            'data_type': data_type} -%}
        {%- do doubles.update({argument: driftline._number_of(column)}) -%}
    {%- endfor -%}
    {%- set metrics = [] -%}
    {%- for metric in declaration.metrics -%}
        {%- set resolved = {} -%}
        {%- set argument = 'business_metrics.' ~ metric.name ~ '.' -%}
        {%- do resolved.update(metric) -%}
        {%- do resolved.update({
            'numerator': doubles[argument ~ ('sum' if metric.denominator is none else 'numerator')],
            'denominator': doubles[argument ~ 'denominator'] if metric.denominator is not none else none,
        }) -%}
        {%- do metrics.append(resolved) -%}
    {%- endfor -%}
    {{- return({
        'weight': driftline._usable_weight(doubles.weight) if 'weight' in doubles else none,
        'metrics': metrics,
    }) -}}
{% endmacro %}


{#
    The value of a column as text: true, 1 (not 1.0), 0.5 (not 0.50), 2024-01-31 (not 2024-01-31 00:00:00).

    version  the version of the state it is counted in; none is this package's. A state that goes on under an earlier
             version (decision 13) has its dictionary in the spelling of that version.
#}
{% macro _category_of(column, version=none) %}
    {%- if version is not none and version < 3 -%}{{- return(driftline._category_of_version_2(column)) -}}{%- endif -%}
    {%- if column.type == 'boolean' -%}
        {{- return("case when " ~ column.sql ~ " then 'true' when not " ~ column.sql ~ " then 'false' end") -}}
    {%- elif column.type == 'numeric' -%}
        {{- return(driftline._number_text(column.sql, column.data_type)) -}}
    {%- elif column.type in ('date', 'naive', 'zoned') -%}
        {{- return(driftline._time_text(column.sql, column.type)) -}}
    {%- elif column.type == 'text' and column.data_type | lower == 'citext' -%}
        {{- return('lower(' ~ driftline._as_text(column.sql) ~ ')') -}}
    {%- endif -%}
    {#- A char(n) drops the blanks that fill it up. -#}
    {{- return(driftline._as_text(column.sql)) -}}
{% endmacro %}


{# As versions 1 and 2 of the state spelled it: as the type prints, but for truths and whole numbers. #}
{% macro _category_of_version_2(column) %}
    {%- if column.type == 'boolean' -%}
        {{- return("case when " ~ column.sql ~ " then 'true' when not " ~ column.sql ~ " then 'false' end") -}}
    {%- elif column.type == 'numeric' -%}
        {%- set whole = 'abs(' ~ column.sql ~ ') < 1e15 and ' ~ column.sql ~ ' = floor(' ~ column.sql ~ ')' -%}
        {%- set integer = driftline._as_text('cast(' ~ column.sql ~ ' as ' ~ dbt.type_bigint() ~ ')') -%}
        {{- return('case when ' ~ whole ~ ' then ' ~ integer ~ ' else ' ~ driftline._as_text(column.sql) ~ ' end') -}}
    {%- endif -%}
    {{- return(driftline._as_text(column.sql)) -}}
{% endmacro %}


{# A label or prediction as a class: a category, but what is no finite number is no class. #}
{% macro _class_of(column) %}
    {%- set category = driftline._category_of(column) -%}
    {%- if column.type == 'numeric' -%}
        {{- return('case when ' ~ column.sql ~ ' between -1e300 and 1e300 then ' ~ category ~ ' end') -}}
    {%- endif -%}
    {{- return(category) -}}
{% endmacro %}


{#
    A text whose numbers and truths are spelled as those of a typed column: '1.50' and '+1.5' read 1.5,
    'True' reads true.

    truths  none, or how true and false read: 'number' (1 and 0) or 'boolean' (1 and 0 read true and false)
#}
{% macro _respelled(text, truths=none) %}
    {%- set bare = driftline._first_replaced(driftline._first_replaced('trim(' ~ text ~ ')', '^[+]', ''),
        '^(-?)0*([0-9])', '\\1\\2') -%}
    {%- set number = driftline._without_zeros(bare) -%}
    {%- set is_number = driftline._matches(text, '^ *[+-]?[0-9]+([.][0-9]*)? *$') -%}
    {%- set words = {'number': ["'1'", "'0'"], 'boolean': ["'true'", "'false'"]}.get(truths, ["'true'", "'false'"]) -%}
    {%- set turned = number if truths != 'boolean'
        else "case " ~ number ~ " when '1' then 'true' when '0' then 'false' else " ~ number ~ ' end' -%}
    {{- return(
        'case when ' ~ is_number ~ ' then ' ~ turned ~ " when lower(trim(" ~ text ~ ")) = 'true' then " ~ words[0]
        ~ " when lower(trim(" ~ text ~ ")) = 'false' then " ~ words[1] ~ ' else ' ~ text ~ ' end'
    ) -}}
{% endmacro %}


{#
    What a declared value is: {form (number, boolean or text), text (as _category_of spells it)}. A text that reads as a
    number or a truth is one.
#}
{% macro _declared_value(value) %}
    {%- if value is boolean -%}
        {{- return({'form': 'boolean', 'text': value | string | lower}) -}}
    {%- endif -%}
    {%- set given = value | string | trim -%}
    {%- if given | lower in ['true', 'false'] -%}
        {{- return({'form': 'boolean', 'text': given | lower}) -}}
    {%- endif -%}
    {%- set sign = '-' if given[:1] == '-' else '' -%}
    {%- set digits = given[1:] if given[:1] in ['-', '+'] else given -%}
    {%- set parts = (digits | lower).split('e') -%}
    {%- set exponent = parts[1] | int if value is number and parts | length == 2 else 0 -%}
    {%- set halves = (parts[0] if value is number else digits).split('.') -%}
    {%- set whole = halves[0] -%}
    {%- set fraction = halves[1] if halves | length == 2 else '' -%}
    {%- set shape = namespace(ok=halves | length <= 2 and whole | length > 0) -%}
    {%- for character in (whole ~ fraction) | list if character not in '0123456789' -%}
        {%- set shape.ok = false -%}
    {%- endfor -%}
    {%- if not shape.ok -%}
        {{- return({'form': 'text', 'text': value | string}) -}}
    {%- endif -%}
    {#- The point moves by the exponent; then zeros at both ends go. -#}
    {%- if exponent > 0 -%}
        {%- set padded = fraction ~ '0' * ([exponent - fraction | length, 0] | max) -%}
        {%- set whole = whole ~ padded[:exponent] -%}
        {%- set fraction = padded[exponent:] -%}
    {%- elif exponent < 0 -%}
        {%- set fraction = '0' * (0 - exponent - 1) ~ whole ~ fraction -%}
        {%- set whole = '0' -%}
    {%- endif -%}
    {%- set whole = whole.lstrip('0') or '0' -%}
    {%- set fraction = fraction.rstrip('0') -%}
    {%- set text = whole ~ ('.' ~ fraction if fraction else '') -%}
    {{- return({'form': 'number', 'text': ('' if text == '0' else sign) ~ text}) -}}
{% endmacro %}


{#
    A declared number as a double, or the double of its 32 bits where that lies further to one side.

    side  least (a threshold: what reaches it counts) or greatest (an edge: what equals it is still below)
#}
{% macro _declared_number(number, is_real, side) %}
    {%- set exact = driftline._as_double(driftline._literal(number)) -%}
    {%- if not is_real -%}{{- return(exact) -}}{%- endif -%}
    {{- return(side ~ '(' ~ exact ~ ', '
        ~ driftline._as_double('cast(' ~ driftline._literal(number) ~ ' as real)') ~ ')') -}}
{% endmacro %}
