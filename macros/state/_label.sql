{# Where the labels of the rows are, and whether they are known yet. #}


{#
    Where the label is found: {actual (what _resolve_column returned, or none), relation (SQL to read from), outcomes
    (SQL of the CTE that has one label per key, or none), known_by_now (SQL: the log's own label is known, or none)}.

    Labels of their own relation are joined to the log as the column driftline_label. A reference relation that has the
    label as a column of its own keeps it. A label that became known after the run's clock is not known yet.
#}
{% macro _resolve_label(declaration, known, optional) %}
    {%- set label = declaration.label -%}
    {#- Rendered here: by itself a relation is no rows under `dbt --empty`, with an alias that is not ours. -#}
    {%- set here = {'actual': none, 'relation': known.relation.render(), 'outcomes': none, 'known_by_now': none} -%}
    {%- if label is none -%}
        {{- return(here) -}}
    {%- endif -%}
    {%- set own_column = known.exact.get(label.column, known.found.get(label.column | lower)) -%}
    {%- if label.relation is none or (optional and own_column is not none) -%}
        {%- set actual = driftline._resolve_column(known, 'label', label.column, optional) -%}
        {%- if actual is not none and label.known_at is not none and label.relation is none -%}
            {%- set known_at = driftline._resolve_column(known, 'label.known_at', label.known_at, optional) -%}
            {%- if known_at is not none -%}
                {%- do here.update({'known_by_now': driftline._known_by_now(declaration, known_at, '')}) -%}
                {%- do actual.update({'sql': 'case when ' ~ here.known_by_now ~ ' then ' ~ actual.sql ~ ' end'}) -%}
            {%- endif -%}
        {%- endif -%}
        {%- do here.update({'actual': actual}) -%}
        {{- return(here) -}}
    {%- endif -%}

    {%- set key = driftline._resolve_column(known, 'label.key', label.key, optional) -%}
    {%- if key is none -%}
        {{- return(here) -}}
    {%- endif -%}
    {%- do here.update(driftline._joined_label(declaration, known, key)) -%}
    {{- return(here) -}}
{% endmacro %}


{# Labels that are joined to the log by their key. #}
{% macro _joined_label(declaration, known, key) %}
    {%- set label = declaration.label -%}
    {%- set there = {'monitor': known.monitor, 'relation': label.relation} -%}
    {%- do there.update(driftline._columns_found(known.monitor, 'label.relation', label.relation)) -%}
    {%- set outcome_key = driftline._resolve_column(there, 'label.key', label.key, false) -%}
    {%- if not driftline._can_be_joined(key, outcome_key) -%}
        {{- driftline._fail(
            known.monitor, 'label.key',
            tojson(label.key) ~ ' of type ' ~ key.data_type ~ ' in ' ~ known.relation ~ ' and of type '
                ~ outcome_key.data_type ~ ' in ' ~ label.relation,
            'a column of the same type in both'
        ) -}}
    {%- endif -%}
    {%- set joined = 'driftline_label' ~ ('_' if 'driftline_label' in known.found) -%}
    {%- set outcome_label = driftline._resolve_column(there, 'label.label', label.column, false) -%}
    {%- set known_at = none -%}
    {%- if label.known_at is not none -%}
        {%- set known_at = driftline._resolve_column(there, 'label.known_at', label.known_at, false) -%}
    {%- endif -%}
    {%- set outcomes %}
    select outcome_key, driftline_label
    from (
        select
            {{ driftline._exact_key(outcome_key, key) }} as outcome_key, {{ outcome_label.sql }} as driftline_label,
            {#- Of several labels of a row the one that became known last counts. #}
            row_number() over (
                partition by {{ outcome_key.sql }}
                order by {{ known_at.sql ~ ' desc, ' if known_at is not none }}
                    {{- driftline._byte_order(driftline._as_text(outcome_label.sql)) }} desc
            ) as place
        from {{ label.relation.render() }}
        where {{ outcome_label.sql }} is not null and {{ outcome_key.sql }} is not null
            {%- if known_at is not none %} and {{ driftline._known_by_now(declaration, known_at, '') }}{% endif %}
    ) as outcomes_by_key
    where place = 1
    {%- endset -%}
    {{- return({
        'actual': {'sql': joined, 'type': outcome_label.type, 'data_type': outcome_label.data_type},
        'relation': '(select r.*, o.driftline_label as ' ~ joined ~ ' from ' ~ known.relation.render()
            ~ ' as r left join outcomes as o on o.outcome_key = ' ~ driftline._exact_key(key, outcome_key, 'r.')
            ~ ') as log_with_labels',
        'outcomes': outcomes,
    }) -}}
{% endmacro %}


{#
    A key as it is joined. Whole numbers on one side only: those of the other, a double or a real, are taken for whole
    numbers where each has one double of its own. Beyond, keys that differ would meet in the same double.

    prefix  alias of the key's relation, with its dot
#}
{% macro _exact_key(key, other, prefix='') %}
    {%- set name = key.data_type | lower -%}
    {%- set sql = prefix ~ key.sql -%}
    {%- if key.type != 'numeric' or other.type != 'integer'
        or not ('double' in name or 'float' in name or 'real' in name) -%}
        {{- return(sql) -}}
    {%- endif -%}
    {%- set limit = '9007199254740992' if 'double' in name or '8' in name or '64' in name else '16777216' -%}
    {{- return(
        '(case when ' ~ sql ~ ' > -' ~ limit ~ ' and ' ~ sql ~ ' < ' ~ limit ~ ' and floor(' ~ sql ~ ') = ' ~ sql
        ~ ' then cast(' ~ sql ~ ' as ' ~ dbt.type_bigint() ~ ') end)'
    ) -}}
{% endmacro %}


{#
    Whether two columns can be held against each other. What the engine does with types of its own beside others is its
    affair.
#}
{% macro _can_be_joined(one, two) %}
    {%- if 'unknown' in (one.data_type, two.data_type) -%}{{- return(true) -}}{%- endif -%}
    {%- if 'other' in (one.type, two.type) -%}
        {{- return(driftline._other_types_join(one, two)) -}}
    {%- endif -%}
    {{- return(driftline._comparable(one.type) == driftline._comparable(two.type)) -}}
{% endmacro %}


{# Whether a type of the engine's own can be held against another type. #}
{% macro _other_types_join(one, two) %}
    {{- return(adapter.dispatch('_other_types_join', 'driftline')(one, two)) -}}
{% endmacro %}
{% macro default___other_types_join(one, two) %}
    {{- return(true) -}}
{% endmacro %}


{# Types whose values can be held against each other go by one name. #}
{% macro _comparable(type) %}
    {%- set names = {'integer': 'number', 'numeric': 'number', 'naive': 'time', 'zoned': 'time', 'date': 'time'} -%}
    {{- return(names.get(type, type)) -}}
{% endmacro %}


{# True where a label was known at the run's clock. #}
{% macro _known_by_now(declaration, known_at, alias) %}
    {%- if known_at.type not in ('date', 'naive', 'zoned') -%}
        {{- driftline._fail(
            declaration.monitor, 'label.known_at',
            tojson(declaration.label.known_at) ~ ' of type ' ~ known_at.data_type,
            'a column of type date or timestamp'
        ) -}}
    {%- endif -%}
    {%- set now = driftline._as_timestamp(driftline._literal(driftline._now())) -%}
    {%- set zone = 'UTC' if declaration.arguments.period == 'hour' else declaration.arguments.timezone -%}
    {%- set moment = driftline._local_time(now, 'naive', zone) if known_at.type == 'date' else now -%}
    {{- return(known_at.sql ~ ' < ' ~ driftline._column_time(moment, known_at.type, 'UTC')) -}}
{% endmacro %}
