{#
    What the gates have in common: generic tests that stop `dbt build`. They read driftline_latest, the newest complete
    window of each series. On a monitor's own model a gate looks at that monitor, on any other at all monitors. What it
    cannot see fails it, unless `unknown` says otherwise: a gate that passes has looked.
#}

{#
    Which rows a gate looks at: conditions on columns, as a list of SQL. A wrong argument stops the build by its name.

    gate    name of the test, for messages
    model   the model the test is on
    fields  {argument: text, list of texts, or none for all}; `monitor` is checked against the list of monitors
#}
{% macro _gate_conditions(gate, model, fields) %}
    {%- set here = driftline._gate_monitor(model) -%}
    {%- set names = {'column': 'column_name', 'version': 'model_version'} -%}
    {%- set conditions = [] -%}
    {%- for field, given in fields.items() -%}
        {%- set given = here if field == 'monitor' and given is none else given -%}
        {%- if given is not none -%}
            {%- set values = [given] if given is string else given -%}
            {%- if values is mapping or values is not sequence or values | length == 0
                or values | select('string') | list | length != values | length -%}
                {{- driftline._fail(here or '(all)', gate ~ '.' ~ field, tojson(given | string),
                    'a text or a list of texts') -}}
            {%- endif -%}
            {%- if field == 'monitor' -%}{%- do driftline._gate_monitors(gate, values) -%}{%- endif -%}
            {%- set literals = [] -%}
            {%- for value in values -%}{%- do literals.append(driftline._literal(value)) -%}{%- endfor -%}
            {%- do conditions.append(names.get(field, field) ~ ' in (' ~ literals | join(', ') ~ ')') -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(conditions) -}}
{% endmacro %}


{# The monitor whose model a gate is on; none on another model. #}
{% macro _gate_monitor(model) %}
    {%- set here = model.identifier if model is not string and model.identifier is defined else none -%}
    {{- return(here if here in driftline._monitors() else none) -}}
{% endmacro %}


{# Stops where a name is no listed monitor. While dbt parses, a list under `vars: {driftline: …}` is not seen here. #}
{% macro _gate_monitors(gate, names) %}
    {%- set known = driftline._monitors() -%}
    {%- for name in names if name not in known and (execute or known) -%}
        {{- driftline._fail('(all)', gate ~ '.monitor', tojson(name), known | join(', ')) -}}
    {%- endfor -%}
{% endmacro %}


{# A number that a gate is given, or one clear message. #}
{% macro _gate_number(gate, argument, given, least=none) %}
    {%- if given is boolean or given is not number or given is none or least is not none and given < least -%}
        {{- driftline._fail('(all)', gate ~ '.' ~ argument, tojson(given | string),
            'a number' ~ (' of ' ~ least ~ ' or more' if least is not none else '')) -}}
    {%- endif -%}
    {{- return(given) -}}
{% endmacro %}


{# One of the words that an argument allows, or one clear message. #}
{% macro _gate_choice(gate, argument, given, allowed) %}
    {%- if given not in allowed -%}
        {{- driftline._fail('(all)', gate ~ '.' ~ argument, tojson(given | string), allowed | join(', ')) -}}
    {%- endif -%}
    {{- return(given) -}}
{% endmacro %}


{#
    The failing rows of a gate, each with a sentence: of every series that it looks at the newest complete window, where
    that breaks the limit, and, unless unknown is `pass`, where there is no value or no series at all.

    gate       name of the test
    model      the model it is on
    fields     which rows of driftline_latest, as in _gate_conditions; those it looks at have one of the lengths
    windows    lengths in periods, or none: the one that is judged, else the shortest
    unknown    fail or pass
    breaks     SQL condition on m (driftline_latest): the limit is broken
    sentence   key of the phrase
    numbers    {placeholder: SQL of a text over m}
#}
{% macro _gate_failures(gate, model, fields, windows, unknown, breaks, sentence, numbers) %}
    {%- do driftline._gate_choice(gate, 'unknown', unknown, ['fail', 'pass']) -%}
    {%- set conditions = driftline._gate_conditions(gate, model, fields) -%}
    {%- set texts = driftline._texts_of(driftline._language()) -%}
    {%- set monitors = [fields.monitor] if fields.monitor is string
        else fields.monitor or [driftline._gate_monitor(model)] | reject('none') | list or driftline._monitors() -%}
    {%- set lengths = [windows] if windows is number else windows or [] -%}
    {%- for length in lengths -%}{%- do driftline._check_count('(all)', gate ~ '.windows', length, 1) -%}{%- endfor -%}
    {%- set said = {'what': driftline._gate_subject('m'), 'window': 'm.window_words',
        'reason': 'm.reason'} -%}
    {%- do said.update(numbers) %}
with latest as (
    select
        l.*, row_number() over (
            partition by l.monitor, l.model_version, l.segment, l.segment_value, l.family, l.metric, l.column_name,
                l.baseline {%- if lengths %}, l.window_periods{% endif %}
            order by case when l.is_judged then 0 else 1 end, l.window_periods
        ) as place
    from {{ ref('driftline', 'driftline_latest') }} as l
    where not l.is_retired
        {%- for condition in conditions %} and l.{{ condition }}{% endfor %}
        {%- if lengths %} and l.window_periods in ({{ lengths | join(', ') }}){% endif %}
),

looked_at as (
    select
        m.*, {{ driftline._time_words(texts, 'm.window_start', 'm.period') | trim }} as window_words
    from (
        -- What a model must depend on to be held back is this table alone: the period is told by the window.
        select
            latest.*, case when window_end < {{ driftline._as_timestamp(driftline._moved('day', 1, 'window_start')) }}
                then 'hour' else 'day' end as period
        from latest
    ) as m
    -- What has neither a value nor a reason for having none does not apply, such as the mean of categories.
    where m.place = 1 and (m.value is not null or m.reason is not null)
)

select
    m.monitor, m.model_version, m.segment, m.segment_value, m.family, m.metric, m.column_name, m.window_periods,
    m.window_start, m.value,
    case when m.value is null then {{ driftline._phrase(texts, 'gate.unknown', said) }}
        else {{ driftline._phrase(texts, sentence, said) }} end as sentence
from looked_at as m
where {{ breaks }} {%- if unknown == 'fail' %} or m.value is null{% endif %}
    {%- if unknown == 'fail' %}
    {%- for monitor in monitors %}
union all
select
    {{ driftline._literal(monitor) }}, 'all', 'all', 'all', 'all', 'all', 'all', cast(null as {{ dbt.type_int() }}),
    cast(null as {{ driftline._type_timestamp() }}), cast(null as {{ driftline._type_double() }}),
    {{ driftline._phrase(texts, 'gate.nothing', {'monitor': driftline._literal(monitor)}) }}
from (select 1 as one) as nothing
where not exists (select 1 from looked_at where looked_at.monitor = {{ driftline._literal(monitor) }})
    {%- endfor %}
    {%- endif %}
{% endmacro %}


{# What a gate is about, in SQL of a text: monitor, column, measure, and of which segment and version. #}
{% macro _gate_subject(m) %}
    {{- return(m ~ ".monitor || ': ' || case when " ~ m ~ ".family = 'freshness' then 'rows' when " ~ m
        ~ ".column_name = 'all' then " ~ m ~ '.metric else ' ~ m ~ ".column_name || ' ' || " ~ m ~ '.metric end'
        ~ ' || case when ' ~ m ~ ".segment_value = 'all' then '' else ', ' || " ~ m ~ ".segment || ' ' || " ~ m
        ~ '.segment_value end || case when ' ~ m ~ ".model_version = 'all' then '' else ', ' || " ~ m
        ~ '.model_version end') -}}
{% endmacro %}
