{#
    Matches a declaration with the columns the relation really has: spelling, types, and with that the SQL of every
    value that is counted.

    Returns a dict: relation, name (`relation` or `reference`), span (this source holds the reference as a span of
    time), time {sql, kind} or none, columns (those of the declaration that exist here, with kind, type and sql),
    version, segments (list of SQL), splits (the columns behind version and segments: argument, name, actual), weight,
    metrics, outcome (what _resolve_outcome returned). Where the warehouse cannot be asked (an offline compile) every
    column is taken to exist with the plainest type. Stops the compile on a missing column or a wrong type.
#}
{% macro _resolve(declaration, relation, name) %}
    {%- set monitor = declaration.monitor -%}
    {%- set known = {'monitor': monitor, 'relation': relation} -%}
    {%- do known.update(driftline._columns_found(
        monitor, {'reference': 'reference.relation'}.get(name, name), relation
    )) -%}
    {%- set optional = name == 'reference' -%}
    {%- set label = driftline._resolve_label(declaration, known, optional) -%}

    {%- set timestamp = declaration.arguments.timestamp -%}
    {%- set time = driftline._resolve_column(known, 'timestamp', timestamp, optional) -%}
    {%- if time is not none and time.type not in ('date', 'naive', 'zoned') -%}
        {{- driftline._fail(monitor, 'timestamp', tojson(timestamp) ~ ' of type ' ~ time.data_type,
            'a column of type date or timestamp') -}}
    {%- endif -%}

    {%- set columns = [] -%}
    {%- for column in declaration.columns if column.role in ('feature', 'prediction', 'label') -%}
        {%- set actual = label.actual -%}
        {%- if column.role != 'label' -%}
            {%- set actual = driftline._resolve_column(known, column.argument, column.name, optional) -%}
        {%- endif -%}
        {%- if actual is not none -%}
            {%- do columns.append(driftline._counted_column(declaration, column, actual, not known.found)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set outcome = driftline._resolve_outcome(declaration, known, label, columns, optional) -%}
    {%- do columns.extend(outcome.columns) -%}

    {%- set splits = driftline._resolve_splits(declaration, known, optional) -%}
    {%- set expressions = driftline._resolve_expressions(declaration) if name == 'relation'
        else {'weight': none, 'metrics': []} -%}
    {{- return({
        'relation': label.relation,
        'name': name,
        'time': time,
        'columns': columns,
        'version': splits.version,
        'segments': splits.segments,
        'splits': splits.splits,
        'weight': expressions.weight,
        'metrics': expressions.metrics,
        'outcome': outcome,
    }) -}}
{% endmacro %}


{# The columns of a relation: {exact: by name, found: by name in lower case}; none of either where dbt may not look. #}
{% macro _columns_found(monitor, argument, relation) %}
    {%- set columns = {'exact': {}, 'found': {}} -%}
    {%- if execute and flags.INTROSPECT is not false -%}
        {%- set told = adapter.get_columns_in_relation(relation) -%}
        {{- driftline._check_has_columns(monitor, argument, relation, told) -}}
        {%- for column in told -%}
            {%- do columns.exact.update({column.name: column}) -%}
            {%- do columns.found.update({column.name | lower: column}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(columns) -}}
{% endmacro %}


{#
    A declared column with its kind, type and the SQL of the value that is counted.

    actual   what _resolve_column returned
    offline  the warehouse was not asked: a column without a declared kind is taken for a number
#}
{% macro _counted_column(declaration, column, actual, offline) %}
    {%- set kind = column.kind -%}
    {%- if kind is none -%}
        {%- set kind = 'numeric' if actual.type in ('integer', 'numeric') or offline else 'categorical' -%}
    {%- endif -%}
    {%- if kind == 'numeric' and actual.type not in ('integer', 'numeric', 'boolean') -%}
        {{- driftline._fail(
            declaration.monitor, column.argument, tojson(column.name) ~ ' of type ' ~ actual.data_type,
            'a column of a numeric type (others belong in categorical)'
        ) -}}
    {%- endif -%}
    {%- if kind != 'numeric' and column.edges is not none -%}
        {{- driftline._fail(
            declaration.monitor, 'bins.' ~ column.name, 'edges for a column of type ' ~ actual.data_type,
            'edges for numeric columns only'
        ) -}}
    {%- endif -%}
    {%- set resolved = {} -%}
    {%- do resolved.update(column) -%}
    {%- do resolved.update({
        'kind': kind, 'type': actual.type, 'data_type': actual.data_type,
        'sql': driftline._number_of(actual) if kind == 'numeric'
            else driftline._category_of(actual, declaration.get('state_version')),
    }) -%}
    {{- return(resolved) -}}
{% endmacro %}


{# What rows are split by: version (SQL or none), segments (list of SQL) and splits, as _resolve describes them. #}
{% macro _resolve_splits(declaration, known, optional) %}
    {%- set version = none -%}
    {%- set splits = [] -%}
    {%- set name = declaration.arguments.model_version -%}
    {%- if name is not none -%}
        {%- set actual = driftline._resolve_column(known, 'model_version', name, optional) -%}
        {%- set version = driftline._category_of(actual, declaration.get('state_version'))
            if actual is not none else none -%}
        {%- do splits.append({'argument': 'model_version', 'name': name, 'actual': actual}) -%}
    {%- endif -%}
    {%- set segments = [] -%}
    {%- for segment in declaration.segments -%}
        {%- set actual = driftline._resolve_column(known, 'segments', segment, optional) -%}
        {%- do segments.append(driftline._category_of(actual, declaration.get('state_version')) if actual is not none
            else driftline._as_text('null')) -%}
        {%- do splits.append({'argument': 'segments', 'name': segment, 'actual': actual}) -%}
    {%- endfor -%}
    {{- return({'version': version, 'segments': segments, 'splits': splits}) -}}
{% endmacro %}


{#
    One column: {sql (quoted as the warehouse spells it), type, data_type}. A name that is not spelled exactly so is
    looked for without regard to case. none where it is missing and may be.
#}
{% macro _resolve_column(known, argument, name, optional) %}
    {%- if not known.found -%}
        {%- set type = {
            'timestamp': 'naive', 'numeric': 'numeric', 'prediction': 'numeric', 'label': 'numeric',
            'label.label': 'numeric', 'label.known_at': 'naive', 'ranking.position': 'numeric',
        }.get(argument, 'text') -%}
        {{- return({'sql': driftline._quoted(name), 'type': type, 'data_type': 'unknown'}) -}}
    {%- endif -%}
    {%- set column = known.exact.get(name, known.found.get(name | lower)) -%}
    {%- if column is none and optional -%}
        {{- return(none) -}}
    {%- elif column is none -%}
        {{- driftline._fail(known.monitor, argument, tojson(name) ~ ', which is not a column of ' ~ known.relation,
            known.exact.keys() | list | join(', ')) -}}
    {%- endif -%}
    {{- return({
        'sql': driftline._quoted(column.name), 'type': driftline._type_kind(column.data_type),
        'data_type': column.data_type,
    }) -}}
{% endmacro %}
