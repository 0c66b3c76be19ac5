{# What is told of the declaration and of the run: settings, declared columns, the clock. #}


{#
    What later steps need to know of the declaration: rows (setting, value).

    of_run  what the run knows and the declaration does not (_settings_of_run)
#}
{% macro _settings(declaration, of_run) %}
    {%- set a = declaration.arguments -%}
    {%- set settings = {
        'period': driftline._literal(a.period),
        'timezone': driftline._literal(a.timezone),
        'task': driftline._literal(a.task),
        'decision_threshold': driftline._literal(a.decision_threshold),
        'owner': driftline._literal_or_null(a.owner),
        'formerly': driftline._literal_or_null(a.formerly),
        'detail': driftline._literal(a.detail | join(', ')),
        'baselines': driftline._literal(a.baselines | join(', ')),
        'families': driftline._literal(a.families | join(', ')),
        'label_delay': driftline._literal(a.label_delay),
        'min_labelled_share': driftline._literal(a.min_labelled_share),
        'ranking_k': driftline._literal(a.ranking.k) if a.ranking is not none else 'null',
        'relation_name': driftline._literal(declaration.relation.identifier),
        'invocation_id': driftline._literal(invocation_id),
        'run_started_at': driftline._literal(driftline._run_started_at()),
        'state_version': driftline._literal(declaration.get('state_version') or driftline._state_version()),
    } -%}
    {%- for name, value in driftline._reference_settings(a.reference).items() -%}
        {%- do settings.update({name: driftline._literal_or_null(value)}) -%}
    {%- endfor -%}
    {%- for metric in declaration.metrics -%}
        {%- set kind = 'sum' if metric.denominator is none else 'ratio' -%}
        {%- do settings.update({'business:' ~ metric.name: driftline._literal(kind)}) -%}
        {%- if metric.names_label -%}
            {%- do settings.update({'awaits_label:' ~ metric.name: driftline._literal(1)}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if declaration.label is not none and declaration.label.known_at is not none -%}
        {%- do settings.update({'label_known_at': driftline._literal(declaration.label.known_at)}) -%}
    {%- endif -%}
    {%- for name in a.importances -%}
        {%- do settings.update({'importance:' ~ name: driftline._literal(a.importances[name])}) -%}
    {%- endfor -%}
    {%- for name, label in a.labels.items() -%}
        {%- do settings.update({'label:' ~ name: driftline._literal(label)}) -%}
    {%- endfor -%}
    {%- for name, unit in a.units.items() -%}
        {%- do settings.update({'unit:' ~ name: driftline._literal(unit)}) -%}
    {%- endfor -%}
    {#- By these a merge of several sites tells whether they have counted the same. -#}
    {%- set declared = driftline._declared_texts(declaration) -%}
    {%- for name in declared -%}
        {%- do settings.update({'declared:' ~ name: driftline._literal(declared[name])}) -%}
    {%- endfor -%}
    {#- The first row says the type of all: a cast for each of seventy takes its time. -#}
    {%- set rows = [] -%}
    {%- for name in settings -%}
        {%- set row = [driftline._literal(name), settings[name]] -%}
        {%- do rows.append([driftline._as_text(row[0]), driftline._as_text(row[1])] if loop.first else row) -%}
    {%- endfor -%}
    {{- driftline._constant_rows(['setting', 'value'], rows) -}}
    {#- What the run counts is no constant: Spark takes no query among values. -#}
    {%- for name in of_run %}
    union all select {{ driftline._literal(name) }}, {{ of_run[name] }}
    {%- endfor %}
{% endmacro %}


{# What a run of a monitor knows of itself: setting → SQL. #}
{% macro _settings_of_run(declaration, run) %}
    {{- return({
        'decision_cut': driftline._as_text(driftline._decision_cut(run.source)),
        'has_label': driftline._text(1 if run.source.outcome.labelled is not none else 0),
        'has_prediction': driftline._text(1 if declaration.arguments.prediction is not none else 0),
        'rows_read': driftline._rows_read(),
        'furthest_period': driftline._furthest_period(run.resume),
        'as_of': driftline._local_now(declaration.arguments),
    }) -}}
{% endmacro %}


{# The time of the run by the clock that periods are counted by, as text. SQL. #}
{% macro _local_now(a) %}
    {%- set now = driftline._as_timestamp(driftline._literal(driftline._now())) -%}
    {{- return(driftline._as_text(
        driftline._local_time(now, 'naive', 'UTC' if a.period == 'hour' else a.timezone)
    )) -}}
{% endmacro %}


{# The columns of the declaration as rows: what the state needs to know of each. #}
{% macro _declared_rows(declaration, columns) %}
    {%- set rows = [] -%}
    {%- for column in columns -%}
        {%- do rows.append([column.no, driftline._text(column.name), driftline._text(column.role),
            driftline._text(column.kind), column.bins, 1 if column.edges is not none else 0]) -%}
    {%- endfor -%}
    {%- set measure = driftline._text('measure') -%}
    {%- for metric in declaration.metrics -%}
        {%- do rows.append([10000 + metric.no, driftline._text(metric.name), driftline._text('business'), measure, 0,
            0]) -%}
    {%- endfor -%}
    {%- for no, role in {20000: 'row', 20001: 'performance'}.items() -%}
        {%- do rows.append([no, driftline._text('*'), driftline._text(role), measure, 0, 0]) -%}
    {%- endfor -%}
    {{- driftline._constant_rows(
        ['column_no', 'column_name', 'column_role', 'column_kind', 'bin_count', 'own_edges'], rows
    ) -}}
{% endmacro %}


{# The score from which a row counts as positive, in the type the scores have; NULL where that is the declared one. #}
{% macro _decision_cut(source) %}
    {%- for column in source.columns if column.cut is defined and column.get('is_real') -%}
        {{- return(driftline._declared_number(column.cut, true, 'least')) -}}
    {%- endfor -%}
    {{- return('null') -}}
{% endmacro %}


{# The clock: UTC, 'YYYY-MM-DD HH:MM:SS'. The var driftline_now sets it for replays and tests. #}
{% macro _now() %}
    {%- set given = driftline._var('driftline_now', none) -%}
    {%- if given is not none -%}
        {{- return(driftline._moment('(all)', "var 'driftline_now'", given, clock=true)) -}}
    {%- endif -%}
    {{- return(run_started_at.strftime('%Y-%m-%d %H:%M:%S')) -}}
{% endmacro %}


{# When this run of dbt began by the wall clock, also in a replay: UTC, 'YYYY-MM-DD HH:MM:SS.ffffff'. #}
{% macro _run_started_at() %}
    {{- return(run_started_at.strftime('%Y-%m-%d %H:%M:%S.%f')) -}}
{% endmacro %}
