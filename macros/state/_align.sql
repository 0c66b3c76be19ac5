{# A log and a reference of its own, made comparable column by column. #}


{#
    Makes the two relations of a monitor comparable, column by column: texts beside numbers or truths are respelled, 64
    bits beside 32 narrowed. Stops the compile where a column is of two kinds that have no common text (true is not 1).
#}
{% macro _align(declaration, log, reference) %}
    {%- set sources = [log, reference] -%}
    {%- set kinds = {'integer': 'number', 'numeric': 'number', 'date': 'time', 'naive': 'time', 'zoned': 'time'} -%}
    {%- set narrow = {} -%}
    {%- set respelled = [] -%}
    {%- for pair in driftline._columns_of_both(log, reference) -%}
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
                {{- driftline._refuse_kinds(declaration, pair) -}}
            {%- elif 'text' in (one, two) and ('number' in (one, two) or 'boolean' in (one, two)) -%}
                {%- set side = 0 if one == 'text' else 1 -%}
                {%- set text = pair.columns[side] -%}
                {%- do text.update({'sql': driftline._respelled(text.sql,
                    'boolean' if 'boolean' in (one, two) else none)}) -%}
                {%- if pair.argument == 'model_version' -%}
                    {%- do sources[side].update({'version': text.sql}) -%}
                {%- elif pair.kind == 'split' -%}
                    {%- do respelled.append({'side': side, 'segment': pair.name, 'sql': text.sql}) -%}
                {%- endif -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for source in sources if respelled -%}
        {%- set here = respelled | selectattr('side', 'equalto', loop.index0) | list -%}
        {%- set segments = [] -%}
        {%- for segment in declaration.segments -%}
            {%- set found = here | selectattr('segment', 'equalto', segment) | list -%}
            {%- do segments.append(found[0].sql if found else source.segments[loop.index0]) -%}
        {%- endfor -%}
        {%- do source.update({'segments': segments}) -%}
    {%- endfor -%}
    {#- Scores are counted in finer bins as well, under the name of the prediction or of its class. -#}
    {%- for side in [0, 1] -%}
        {%- for column in sources[side].columns if column.kind == 'numeric' -%}
            {%- if narrow.get(column.get('behind') or column.name) == side -%}
                {%- do column.update({'sql': driftline._narrowed(column.sql)}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}


{# The columns that both sources have: list of {argument, name, kind (numeric, categorical or split), columns}. #}
{% macro _columns_of_both(log, reference) %}
    {%- set pairs = [] -%}
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
    {{- return(pairs) -}}
{% endmacro %}


{# Stops the compile on a column of two kinds that have no common text. #}
{% macro _refuse_kinds(declaration, pair) %}
    {{- driftline._fail(
        declaration.monitor, pair.argument,
        tojson(pair.name) ~ ' of type ' ~ pair.columns[0].data_type ~ ' in ' ~ declaration.relation
            ~ ' and of type ' ~ pair.columns[1].data_type ~ ' in ' ~ declaration.reference_relation,
        'a column of the same kind in both (texts, numbers, truths, times): as a category true is not 1'
    ) -}}
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
