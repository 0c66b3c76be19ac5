{#
    The calendar of what is known to happen, from the var driftline_events (docs/thresholds.md, Calendar): the name of a
    seed or model of the project, or a list of dicts. Returns SQL of a relation (event, monitor, moves, starts_at,
    ends_at, stays): NULL for all monitors, for all that moves; stays is 1 where its windows remain in what is usual.
#}
{% macro _events() %}
    {%- set given = driftline._var('driftline_events', none) -%}
    {%- if given is string and given | trim -%}{{- return(driftline._events_of_relation(given)) -}}{%- endif -%}
    {%- set rows = [] -%}
    {%- for event in driftline._listed_events(given) -%}
        {%- set last = event.last_day or event.first_day -%}
        {%- set row -%}
    select {{ driftline._text(event.event) }} as event, {{ driftline._text_or_null(event.monitor) }} as monitor,
        {{ driftline._text_or_null(event.moves) }} as moves,
        {{ driftline._day("'" ~ event.first_day ~ "'") }} as starts_at,
        {{ driftline._day_after("'" ~ last ~ "'") }} as ends_at, {{ 1 if event.kind == 'deploy' else 0 }} as stays
        {%- endset -%}
        {%- do rows.append(row) -%}
    {%- endfor -%}
    {%- set none_at_all -%}
    select {{ driftline._as_text('null') }} as event, {{ driftline._as_text('null') }} as monitor,
        {{ driftline._as_text('null') }} as moves, {{ driftline._as_timestamp('null') }} as starts_at,
        {{ driftline._as_timestamp('null') }} as ends_at, 0 as stays
    from (select 1 as nothing) as nobody
    where 1 = 0
    {%- endset -%}
    {{- return(rows | join('\n    union all\n') if rows else none_at_all) -}}
{% endmacro %}


{# Whether the project has a calendar at all. #}
{% macro _has_events() %}
    {{- return((driftline._var('driftline_events', none) or []) | length > 0) -}}
{% endmacro %}


{# The first instant of a day, and the first after it: SQL of a day in, SQL of a time out. #}
{% macro _day(day) %}
    {{- return(driftline._as_timestamp('cast(' ~ day ~ ' as date)')) -}}
{% endmacro %}


{% macro _day_after(day) %}
    {{- return(driftline._as_timestamp(driftline._moved('day', 1, driftline._day(day)))) -}}
{% endmacro %}


{% macro _text_or_null(value) %}
    {{- return(driftline._as_text(driftline._literal_or_null(value))) -}}
{% endmacro %}


{# The events that stand in the variable itself, checked. #}
{% macro _listed_events(given) %}
    {%- set known = ['event', 'first_day', 'last_day', 'monitor', 'moves', 'kind'] -%}
    {%- set wrong = [] -%}
    {%- if given and (given is string or given is mapping or given is not sequence) -%}{%- do wrong.append(given) -%}
    {%- endif -%}
    {%- for event in (given or [] if not wrong else []) -%}
        {%- set is_fine = event is mapping and event | list | reject('in', known) | list == []
            and event.event is string and event.event | trim != '' and driftline._is_day(event.first_day)
            and (event.last_day is undefined or driftline._is_day(event.last_day))
            and (event.last_day or event.first_day) | string >= event.first_day | string
            and (event.kind or 'holiday') in ['holiday', 'campaign', 'incident', 'deploy'] -%}
        {%- if not is_fine -%}{%- do wrong.append(event) -%}{%- endif -%}
    {%- endfor -%}
    {%- if wrong -%}
        {{- exceptions.raise_compiler_error("driftline: var 'driftline_events': given " ~ tojson(wrong[0] | string)
            ~ "; allowed: the name of a seed or model with the columns event and first_day (and last_day, monitor,"
            ~ " moves, kind), or a list of such rows, {event: 'sale', first_day: '2026-04-01', last_day: '2026-04-07'};"
            ~ " kind is holiday, campaign, incident or deploy") -}}
    {%- endif -%}
    {{- return(given or []) -}}
{% endmacro %}


{# Whether a value is a day, as a text or as YAML reads it. #}
{% macro _is_day(value) %}
    {{- return(modules.re.match('^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$', value | string) is not none) -}}
{% endmacro %}


{# The events of a seed or model: what it lacks of monitor, moves, kind and last_day is as if it were empty. #}
{% macro _events_of_relation(name) %}
    {%- set relation = ref(name) -%}
    {%- set there = ['event', 'first_day', 'last_day', 'monitor', 'moves', 'kind'] -%}
    {%- if execute and flags.INTROSPECT is not false and driftline._is_built(relation) -%}
        {%- set there = adapter.get_columns_in_relation(relation) | map(attribute='name') | map('lower') | list -%}
    {%- endif -%}
    {%- for needed in ['event', 'first_day'] if needed not in there -%}
        {{- exceptions.raise_compiler_error("driftline: var 'driftline_events': " ~ name ~ " has no column '" ~ needed
            ~ "'; it has " ~ there | join(', ')) -}}
    {%- endfor -%}
    {%- set last = 'coalesce(last_day, first_day)' if 'last_day' in there else 'first_day' -%}
    {%- set rows -%}
    select {{ driftline._as_text('event') }} as event,
        {% for column in ['monitor', 'moves'] -%}
        {{ "nullif(trim(" ~ driftline._as_text(column) ~ "), '')" if column in there else driftline._as_text('null') }}
            as {{ column }},
        {% endfor -%}
        {{ driftline._day('first_day') }} as starts_at, {{ driftline._day_after(last) }} as ends_at,
        {{ "case when lower(trim(" ~ driftline._as_text('kind') ~ ")) = 'deploy' then 1 else 0 end" if 'kind' in there
            else 0 }} as stays
    from {{ relation }}
    where first_day is not null
    {%- endset -%}
    {{- return(rows) -}}
{% endmacro %}


{#
    The condition that an event fills a quarter of a window or more. SQL.

    w  alias of the window: window_start, window_end
    e  alias of the event: starts_at, ends_at
#}
{% macro _event_fills(w, e) %}
    {%- set begins = 'greatest(' ~ w ~ '.window_start, ' ~ e ~ '.starts_at)' -%}
    {%- set ends = 'least(' ~ w ~ '.window_end, ' ~ e ~ '.ends_at)' -%}
    {%- set length = driftline._bounds_between(w ~ '.window_start', w ~ '.window_end', 'hour') -%}
    {{ e }}.starts_at < {{ w }}.window_end and {{ e }}.ends_at > {{ w }}.window_start
        and 4 * {{ driftline._bounds_between(begins, ends, 'hour') }} >= {{ length }}
{%- endmacro %}


{#
    The periods that baselines of drift leave out: relation (column_no, period_index), as SQL. What a single metric of
    drift is said to move by is in the sums of all of them.
#}
{% macro _leaving_periods() %}
    select distinct c.column_no as column_no, v.period_index as period_index
    from {{ ref('driftline_int_bins') }} as c
    join {{ ref('driftline_int_event_windows') }} as v
        on v.monitor = c.monitor and v.window_periods = 1 and v.leaves = 1
        and (v.moves is null or v.moves in ('drift', c.column_name))
{%- endmacro %}


{# What of the calendar the baselines of each monitor depend on: relation (monitor, starts_at, event_key), as SQL. #}
{% macro _events_of_monitors() %}
    {%- set key = dbt.concat([driftline._as_text('e.ends_at'), "' '", "coalesce(e.moves, '')"]) %}
    select distinct m.monitor as monitor, e.starts_at, {{ driftline._as_text(key) }} as event_key
    from ({{ driftline._events() }}) as e
    join {{ ref('driftline_int_monitors') }} as m on e.monitor is null or e.monitor = m.monitor
    where e.stays = 0
{%- endmacro %}


{#
    Whether no event of the calendar keeps a window out of what is usual: `and …`, nothing where there is no calendar.

    w      alias of the window: monitor, window_periods and `place`
    names  SQL: what an event may be said to move so that it is meant, beside those that may move anything
    place  what the window is known by, period_index or window_start
#}
{% macro _is_no_event(w, names, place='period_index') %}
    {%- if driftline._has_events() %}
    and not exists (
        select 1
        from {{ ref('driftline_int_event_windows') }} as v
        where {{ driftline._same(['monitor', 'window_periods', place], 'v', w) }}
            and v.leaves = 1 and (v.moves is null or v.moves in ({{ names | join(', ') }}))
    )
    {%- endif -%}
{% endmacro %}
