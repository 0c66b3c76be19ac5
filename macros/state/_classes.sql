{# The classes that a declaration names, spelled as a column holds them. #}


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
