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
    A weight, or 0 where it can be none: NULL, NaN, infinite, negative, or of a size whose square no sum could hold.
    Such a row counts as no rows, and cannot spoil the sums of the others.
#}
{% macro _usable_weight(weight) %}
    {{- return('case when ' ~ weight ~ ' between 1e-100 and 1e100 then ' ~ weight ~ ' else 0e0 end') -}}
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
    The classes that a declaration names, as the column spells them: {class: text}. Stops the compile where the column
    cannot hold one.

    column   what _resolve_column returned
    classes  list of the values given
#}
{% macro _spelled_classes(monitor, argument, column, classes) %}
    {%- set spelled = {} -%}
    {%- set truths = driftline._truths_of(column, classes) -%}
    {%- for class in classes -%}
        {%- set value = driftline._declared_value(class) -%}
        {%- set truth = {'true': ['true', '1'], '1': ['true', '1'], 'false': ['false', '0'],
            '0': ['false', '0']}.get(value.text) -%}
        {%- set wrong = namespace(allowed='') -%}
        {%- set text = value.text -%}
        {%- if column.type == 'boolean' -%}
            {%- set text = truth[0] if truth else text -%}
            {%- if not truth -%}{%- set wrong.allowed = 'true or false' -%}{%- endif -%}
        {%- elif column.type in ('integer', 'numeric') -%}
            {%- set text = truth[1] if truth else text -%}
            {%- if value.form == 'text' or column.type == 'integer' and '.' in text -%}
                {%- set wrong.allowed = 'a whole number, such as 1' if column.type == 'integer'
                    else 'a number, such as 1 or 0.5' -%}
            {%- endif -%}
        {%- elif truths is none -%}
            {#- A text is meant as it stands, unless all of them are numbers or truths. -#}
            {%- set text = text if class is boolean or class is number else class | string -%}
        {%- elif truths != '' -%}
            {%- set text = truth[0 if truths == 'boolean' else 1] if truth else text -%}
        {%- endif -%}
        {%- if wrong.allowed -%}
            {{- driftline._fail(
                monitor, argument, tojson(class | string) ~ ', for a column of type ' ~ column.data_type,
                wrong.allowed ~ ': a class as the column ' ~ column.sql ~ ' holds it'
            ) -}}
        {%- elif text in spelled.values() -%}
            {{- driftline._fail(monitor, argument,
                tojson(class | string) ~ ', which reads ' ~ tojson(text) ~ ' as another class does',
                'each class once') -}}
        {%- endif -%}
        {%- do spelled.update({class | string: text}) -%}
    {%- endfor -%}
    {{- return(spelled) -}}
{% endmacro %}


{#
    How a text column is read that holds the named classes: none (as it stands), '' (its numbers and truths respelled),
    'number' or 'boolean' (and truths and 1 and 0 read as one another: the classes are two).
#}
{% macro _truths_of(column, classes) %}
    {%- if column.type in ('boolean', 'integer', 'numeric', 'date', 'naive', 'zoned') -%}
        {{- return(none) -}}
    {%- endif -%}
    {%- set forms = [] -%}
    {%- set found = namespace(truths=true) -%}
    {%- for class in classes -%}
        {%- set value = driftline._declared_value(class) -%}
        {%- do forms.append(value.form) -%}
        {%- if value.text not in ['true', 'false', '1', '0'] -%}{%- set found.truths = false -%}{%- endif -%}
    {%- endfor -%}
    {%- if not forms or 'text' in forms -%}{{- return(none) -}}{%- endif -%}
    {{- return(('boolean' if 'boolean' in forms else 'number') if found.truths else '') -}}
{% endmacro %}


{# A label or prediction as a class, spelled as _spelled_classes spells the classes. #}
{% macro _class_among(column, classes) %}
    {%- set truths = driftline._truths_of(column, classes) -%}
    {%- set class = driftline._class_of(column) -%}
    {{- return(class if truths is none else driftline._respelled(class, truths)) -}}
{% endmacro %}


{#
    The classes of a label and of a prediction that is one, spelled alike: [SQL of the label's, SQL of the
    prediction's]. Stops the compile where they are of two kinds that have no common text.
#}
{% macro _classes_alike(declaration, label, prediction) %}
    {%- set kinds = {'integer': 'number', 'numeric': 'number', 'date': 'time', 'naive': 'time', 'zoned': 'time'} -%}
    {%- set one = kinds.get(label.type, label.type) -%}
    {%- set two = kinds.get(prediction.type, prediction.type) -%}
    {%- set classes = [driftline._class_of(label), driftline._class_of(prediction)] -%}
    {%- if one != two and one in ('boolean', 'number', 'time') and two in ('boolean', 'number', 'time') -%}
        {{- driftline._fail(
            declaration.monitor, 'prediction',
            tojson(declaration.arguments.prediction) ~ ' of type ' ~ prediction.data_type
                ~ ', for a label of type ' ~ label.data_type,
            'classes of the same kind as those of the label'
        ) -}}
    {%- elif 'text' in (one, two) and ('number' in (one, two) or 'boolean' in (one, two)) -%}
        {%- set text = 0 if one == 'text' else 1 -%}
        {%- set respelled = driftline._respelled(classes[text], 'boolean' if 'boolean' in (one, two) else none) -%}
        {{- return([respelled, classes[1]] if text == 0 else [classes[0], respelled]) -}}
    {%- endif -%}
    {{- return(classes) -}}
{% endmacro %}


{#
    1 where a column holds the value, 0 where it holds another, NULL where there is none. In a column of texts a number
    or a truth is one in any spelling, and beside a value that is not given as a text a text that reads as neither is no
    label.
#}
{% macro _indicator(monitor, argument, column, value) %}
    {%- set spelled = driftline._spelled_classes(monitor, argument, column, [value]) -%}
    {%- set class = driftline._class_among(column, [value]) -%}
    {%- set known = class ~ ' is not null' -%}
    {%- if value is not string and driftline._truths_of(column, [value]) is not none -%}
        {%- set known = driftline._matches(driftline._respelled(driftline._class_of(column)),
            '^(-?[0-9]+([.][0-9]*)?|true|false)$') -%}
    {%- endif -%}
    {{- return('case when ' ~ class ~ ' = ' ~ driftline._literal(spelled[value | string]) ~ ' then 1e0 when '
        ~ known ~ ' then 0e0 end') -}}
{% endmacro %}


{#
    A number of 64 bits as one of 32 would hold it: the other of the two relations has no more than that. What 32 bits
    cannot hold stays.
#}
{% macro _narrowed(expression) %}
    {{- return(
        'case when abs(' ~ expression ~ ') between 1.2e-38 and 3.4e38 then '
        ~ driftline._as_double('cast(' ~ expression ~ ' as real)')
        ~ ' else ' ~ expression ~ ' end'
    ) -}}
{% endmacro %}


{#
    Makes the two relations of a monitor comparable, column by column: texts beside numbers or truths are respelled, 64
    bits beside 32 narrowed. Stops the compile where a column is of two kinds that have no common text (true is not 1).
#}
{% macro _align(declaration, log, reference) %}
    {%- set kinds = {'integer': 'number', 'numeric': 'number', 'date': 'time', 'naive': 'time', 'zoned': 'time'} -%}
    {%- set narrow = {} -%}
    {%- set pairs = [] -%}
    {%- set respelled = [] -%}
    {%- for column in log.columns -%}
        {%- for other in reference.columns
            if other.no == column.no and column.data_type is defined and other.data_type is defined -%}
            {%- do pairs.append({'argument': column.argument, 'name': column.name, 'kind': column.kind,
                'columns': [column, other]}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for split in log.splits -%}
        {%- set other = reference.splits[loop.index0].actual -%}
        {%- if split.actual is not none and other is not none -%}
            {%- do pairs.append({'argument': split.argument, 'name': split.name, 'kind': 'split',
                'columns': [split.actual, other]}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for pair in pairs -%}
        {%- set one = kinds.get(pair.columns[0].type, pair.columns[0].type) -%}
        {%- set two = kinds.get(pair.columns[1].type, pair.columns[1].type) -%}
        {%- if pair.kind == 'numeric' -%}
            {%- set reals = [driftline._is_real(pair.columns[0].data_type),
                driftline._is_real(pair.columns[1].data_type)] -%}
            {%- if reals[0] != reals[1] -%}
                {%- do narrow.update({pair.name: 1 if reals[0] else 0}) -%}
            {%- endif -%}
        {%- elif one != two and 'unknown' not in (pair.columns[0].data_type, pair.columns[1].data_type) -%}
            {%- if one in ('boolean', 'number', 'time') and two in ('boolean', 'number', 'time') -%}
                {{- driftline._fail(
                    declaration.monitor, pair.argument,
                    tojson(pair.name) ~ ' of type ' ~ pair.columns[0].data_type ~ ' in ' ~ declaration.relation
                        ~ ' and of type ' ~ pair.columns[1].data_type ~ ' in ' ~ declaration.reference_relation,
                    'a column of the same kind in both (texts, numbers, truths, times): as a category true is not 1'
                ) -}}
            {%- elif 'text' in (one, two) and ('number' in (one, two) or 'boolean' in (one, two)) -%}
                {%- set side = 0 if one == 'text' else 1 -%}
                {%- set text = pair.columns[side] -%}
                {%- do text.update({'sql': driftline._respelled(text.sql,
                    'boolean' if 'boolean' in (one, two) else none)}) -%}
                {%- if pair.argument == 'model_version' -%}
                    {%- do [log, reference][side].update({'version': text.sql}) -%}
                {%- elif pair.kind == 'split' -%}
                    {%- do respelled.append({'side': side, 'segment': pair.name, 'sql': text.sql}) -%}
                {%- endif -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for source in [log, reference] if respelled -%}
        {%- set side = loop.index0 -%}
        {%- set segments = [] -%}
        {%- for segment in declaration.segments -%}
            {%- set found = respelled | selectattr('side', 'equalto', side)
                | selectattr('segment', 'equalto', segment) | list -%}
            {%- do segments.append(found[0].sql if found else source.segments[loop.index0]) -%}
        {%- endfor -%}
        {%- do source.update({'segments': segments}) -%}
    {%- endfor -%}
    {#- Scores are counted in finer bins as well, under the name of the prediction or of its class. -#}
    {%- set sources = [log, reference] -%}
    {%- for side in [0, 1] -%}
        {%- for column in sources[side].columns if column.kind == 'numeric' -%}
            {%- if narrow.get(column.get('behind') or column.name) == side -%}
                {%- do column.update({'sql': driftline._narrowed(column.sql)}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}


{#
    Marks the numeric columns that one of the sources holds in 32 bits (`is_real`): what is declared of them, edges and
    the decision threshold, is compared as such a number. 0.7 in 32 bits is a little less than 0.7.
#}
{% macro _mark_reals(sources) %}
    {%- set reals = [] -%}
    {%- for source in sources -%}
        {%- for column in source.columns
            if driftline._is_real(column.get('score_type') or column.get('data_type') or '') -%}
            {%- do reals.append(column.no) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for source in sources -%}
        {%- for column in source.columns -%}
            {%- do column.update({'is_real': column.no in reals}) -%}
        {%- endfor -%}
    {%- endfor -%}
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
