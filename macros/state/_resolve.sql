{#
    Matches a declaration with the columns the relation really has: spelling, types, and with that the SQL of every
    value that is counted.

    Returns a dict: relation, name (`relation` or `reference`), span (this source holds the reference as a span of time),
    time {sql, kind} or none, columns (those of the declaration that exist here, with kind, type and sql), version,
    segments (list of SQL), splits (the columns behind version and segments: argument, name, actual), weight, metrics,
    outcome (what _resolve_outcome returned). Where the warehouse cannot be asked (an offline compile) every column is
    taken to exist with the plainest type. Stops the compile on a missing column or a wrong type.
#}
{% macro _resolve(declaration, relation, name) %}
    {%- set monitor = declaration.monitor -%}
    {%- set arguments = declaration.arguments -%}
    {%- set found = {} -%}
    {%- set exact = {} -%}
    {%- if execute and flags.INTROSPECT is not false -%}
        {%- for column in adapter.get_columns_in_relation(relation) -%}
            {%- do exact.update({column.name: column}) -%}
            {%- do found.update({column.name | lower: column}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set known = {'monitor': monitor, 'relation': relation, 'exact': exact, 'found': found} -%}
    {%- set optional = name == 'reference' -%}
    {%- set label = driftline._resolve_label(declaration, known, optional) -%}

    {%- set time = driftline._resolve_column(known, 'timestamp', arguments.timestamp, optional) -%}
    {%- if time is not none and time.type not in ('date', 'naive', 'zoned') -%}
        {{- driftline._fail(monitor, 'timestamp', tojson(arguments.timestamp) ~ ' of type ' ~ time.data_type, 'a column of type date or timestamp') -}}
    {%- endif -%}

    {%- set columns = [] -%}
    {%- for column in declaration.columns if column.role in ('feature', 'prediction', 'label') -%}
        {%- set actual = label.actual if column.role == 'label' else driftline._resolve_column(known, column.argument, column.name, optional) -%}
        {%- if actual is not none -%}
            {%- set kind = column.kind -%}
            {%- if kind is none -%}
                {%- set kind = 'numeric' if actual.type in ('integer', 'numeric') or not found else 'categorical' -%}
            {%- endif -%}
            {%- if kind == 'numeric' and actual.type not in ('integer', 'numeric', 'boolean') -%}
                {{- driftline._fail(monitor, column.argument, tojson(column.name) ~ ' of type ' ~ actual.data_type, 'a column of a numeric type (others belong in categorical)') -}}
            {%- endif -%}
            {%- if kind != 'numeric' and column.edges is not none -%}
                {{- driftline._fail(monitor, 'bins.' ~ column.name, 'edges for a column of type ' ~ actual.data_type, 'edges for numeric columns only') -}}
            {%- endif -%}
            {%- set resolved = {} -%}
            {%- do resolved.update(column) -%}
            {%- do resolved.update({
                'kind': kind, 'type': actual.type, 'data_type': actual.data_type,
                'sql': driftline._number_of(actual) if kind == 'numeric'
                    else driftline._category_of(actual, declaration.get('state_version')),
            }) -%}
            {%- do columns.append(resolved) -%}
        {%- endif -%}
    {%- endfor -%}

    {%- set outcome = driftline._resolve_outcome(declaration, known, label, columns, optional) -%}
    {%- do columns.extend(outcome.columns) -%}

    {%- set version = none -%}
    {%- set splits = [] -%}
    {%- if arguments.model_version is not none -%}
        {%- set actual = driftline._resolve_column(known, 'model_version', arguments.model_version, optional) -%}
        {%- set version = driftline._category_of(actual, declaration.get('state_version'))
            if actual is not none else none -%}
        {%- do splits.append({'argument': 'model_version', 'name': arguments.model_version, 'actual': actual}) -%}
    {%- endif -%}
    {%- set segments = [] -%}
    {%- for segment in declaration.segments -%}
        {%- set actual = driftline._resolve_column(known, 'segments', segment, optional) -%}
        {%- do segments.append(driftline._category_of(actual, declaration.get('state_version')) if actual is not none
            else driftline._as_text('null')) -%}
        {%- do splits.append({'argument': 'segments', 'name': segment, 'actual': actual}) -%}
    {%- endfor -%}

    {%- set expressions = driftline._resolve_expressions(declaration) if name == 'relation'
        else {'weight': none, 'metrics': []} -%}

    {{- return({
        'relation': label.relation,
        'name': name,
        'time': time,
        'columns': columns,
        'version': version,
        'segments': segments,
        'splits': splits,
        'weight': expressions.weight,
        'metrics': expressions.metrics,
        'outcome': outcome,
    }) -}}
{% endmacro %}


{#
    One column: {sql (quoted as the warehouse spells it), type, data_type}. A name that is not spelled exactly so is
    looked for without regard to case. none where it is missing and may be.
#}
{% macro _resolve_column(known, argument, name, optional) %}
    {%- if not known.found -%}
        {%- set type = {
            'timestamp': 'naive', 'numeric': 'numeric', 'prediction': 'numeric', 'label': 'numeric', 'label.label': 'numeric',
            'label.known_at': 'naive', 'ranking.position': 'numeric',
        }.get(argument, 'text') -%}
        {{- return({'sql': driftline._quoted(name), 'type': type, 'data_type': 'unknown'}) -}}
    {%- endif -%}
    {%- set column = known.exact.get(name, known.found.get(name | lower)) -%}
    {%- if column is none and optional -%}
        {{- return(none) -}}
    {%- elif column is none -%}
        {{- driftline._fail(known.monitor, argument, tojson(name) ~ ', which is not a column of ' ~ known.relation, known.exact.keys() | list | join(', ')) -}}
    {%- endif -%}
    {{- return({'sql': driftline._quoted(column.name), 'type': driftline._type_kind(column.data_type), 'data_type': column.data_type}) -}}
{% endmacro %}
