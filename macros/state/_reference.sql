{# The spans that a monitor leaves out of its reference (`exclude`). #}

{#
    The spans as they are declared, checked: list of {start, end} in order, those that touch or overlap made one, and
    cut to the reference. Empty where none is excluded.
#}
{% macro _declared_exclusions(monitor, given, start, end) %}
    {%- set allowed = "a list of spans within the reference, [{'start': 'YYYY-MM-DD', 'end': 'YYYY-MM-DD'}] (half-open)"
    -%}
    {%- if given is none -%}{{- return([]) -}}{%- endif -%}
    {%- if given is string or given is mapping or given is not sequence -%}
        {{- driftline._fail(monitor, 'reference.exclude', driftline._shown(given), allowed) -}}
    {%- endif -%}
    {%- set spans = [] -%}
    {%- for span in given -%}
        {%- if span is not mapping or span | length != 2 or 'start' not in span or 'end' not in span -%}
            {{- driftline._fail(monitor, 'reference.exclude', driftline._shown(span), allowed) -}}
        {%- endif -%}
        {%- set first = driftline._moment(monitor, 'reference.exclude', span.start) -%}
        {%- set last = driftline._moment(monitor, 'reference.exclude', span.end) -%}
        {%- if not first < last -%}
            {{- driftline._fail(monitor, 'reference.exclude', first ~ ' to ' ~ last,
                'a start before the end (the end is not included)') -}}
        {%- elif first >= end or last <= start -%}
            {{- driftline._fail(monitor, 'reference.exclude', first ~ ' to ' ~ last,
                'a span within the reference, ' ~ start ~ ' to ' ~ end) -}}
        {%- endif -%}
        {%- do spans.append({'start': [first, start] | max, 'end': [last, end] | min}) -%}
    {%- endfor -%}
    {%- set joined = [] -%}
    {%- for span in spans | sort(attribute='start') -%}
        {%- if joined and span.start <= joined[-1].end -%}
            {%- do joined[-1].update({'end': [span.end, joined[-1].end] | max}) -%}
        {%- else -%}
            {%- do joined.append(span) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if joined and joined[0].start == start and joined[0].end == end -%}
        {{- driftline._fail(monitor, 'reference.exclude', driftline._exclusions_text(joined),
            'spans that leave something of the reference, ' ~ start ~ ' to ' ~ end) -}}
    {%- endif -%}
    {{- return(joined) -}}
{% endmacro %}


{# The spans as people read them: `2024-01-05 00:00:00 to 2024-01-07 00:00:00, …`; none where there are none. #}
{% macro _exclusions_text(spans) %}
    {%- set texts = [] -%}
    {%- for span in spans or [] -%}{%- do texts.append(span.start ~ ' to ' ~ span.end) -%}{%- endfor -%}
    {{- return(texts | join(', ') if texts else none) -}}
{% endmacro %}


{# What the state says of the reference as it was declared: setting → text or none. #}
{% macro _reference_settings(reference) %}
    {{- return({
        'reference_start': reference.get('start'), 'reference_end': reference.get('end'),
        'reference_exclude': driftline._exclusions_text(reference.get('exclude')),
        'reference_relation': reference.get('relation'),
    }) -}}
{% endmacro %}


{# The condition that a row lies in the reference, a span of its own relation; the bare time column is compared. SQL. #}
{% macro _lies_in_reference(a, source) %}
    {%- set time = source.time.sql -%}
    {%- set conditions = [] -%}
    {%- for span in [a.reference] + a.reference.get('exclude', []) -%}
        {%- set ends = [] -%}
        {%- for moment in [span.start, span.end] -%}
            {%- do ends.append(driftline._column_time(
                driftline._as_timestamp(driftline._literal(moment)), source.time.type, a.timezone)) -%}
        {%- endfor -%}
        {%- set lies = time ~ ' >= ' ~ ends[0] ~ ' and ' ~ time ~ ' < ' ~ ends[1] -%}
        {%- do conditions.append(lies if loop.first else 'not (' ~ lies ~ ')') -%}
    {%- endfor -%}
    {{- return(conditions | join(' and ')) -}}
{% endmacro %}


{#
    The condition that a window lies between the ends of a declared reference, and touches nothing it excludes. SQL.

    w, m  aliases and a dot, or nothing: of the window (window_start, window_end), of its monitor (monitor,
          reference_start, reference_end)
#}
{% macro _lies_between_ends(w='', m='') %}
    {{- return(w ~ 'window_start >= ' ~ driftline._as_timestamp(m ~ 'reference_start') ~ ' and ' ~ w ~ 'window_end <= '
        ~ driftline._as_timestamp(m ~ 'reference_end') ~ driftline._touches_no_exclusion(w, m ~ 'monitor')) -}}
{% endmacro %}


{#
    The condition that a window touches no span that its monitor excludes: `and …`, nothing where none does. SQL. A
    window that does tells nothing of the reference, whether it has rows there or not.

    w        alias of the window and a dot, or nothing: window_start and window_end, or, by index, period_index and
             window_periods
    monitor  SQL: whose window it is
#}
{% macro _touches_no_exclusion(w, monitor, by_index=false) %}
    {%- set names = driftline._monitors() -%}
    {%- for declared in (driftline._declarations() if execute else []) %}
    {%- set name = driftline._literal(names[loop.index0]) -%}
    {%- for span in ((declared or {}).reference or {}).exclude or [] %}
    {%- set starts = driftline._by_clock_of_periods(span.start, declared) -%}
    {%- set ends = driftline._by_clock_of_periods(span.end, declared) %}
    and not ({{ monitor }} = {{ name }}
        {%- if by_index %}
        and {{ w }}period_index >= {{ driftline._period_index(starts, declared.period) }}
        and {{ w }}period_index - {{ w }}window_periods
            < {{ driftline._period_index(driftline._moved('second', -1, ends), declared.period) }}
        {%- else %}
        and {{ w }}window_end > {{ starts }} and {{ w }}window_start < {{ ends }}
        {%- endif %})
    {%- endfor %}
    {%- endfor %}
{%- endmacro %}


{# A moment of the declaration by the clock that its periods are counted by: UTC for hours, else the local one. SQL. #}
{% macro _by_clock_of_periods(moment, a) %}
    {{- return(driftline._as_timestamp(driftline._column_time(driftline._as_timestamp(driftline._literal(moment)),
        'naive', a.timezone if a.period == 'hour' else 'UTC'))) -}}
{% endmacro %}
