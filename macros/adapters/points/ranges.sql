{#
    Aggregates over frames `range between 7 preceding and 1 preceding`, for engines that have them and for those that
    have not (decision 51). A select is written in three steps: a list that begins empty; `_over_range` for each
    aggregate in it; `_select_over_ranges`, which writes the select and, where it must, joins what the list asks for.
#}


{# Whether the engine knows frames by a range with a number. #}
{% macro _knows_ranges() %}
    {{- return(adapter.dispatch('_knows_ranges', 'driftline')()) -}}
{% endmacro %}
{% macro default___knows_ranges() %}
    {{- return(true) -}}
{% endmacro %}


{#
    A frame: the rows of the same partition (list of SQL) whose `order` (SQL of a whole number) is at least that of the
    row less `first` and at most that less `last`; a negative `last` is one that follows.
#}
{% macro _range(partition, order, first, last) %}
    {{- return({'partition': partition, 'order': order, 'first': first, 'last': last}) -}}
{% endmacro %}


{% macro _range_text(frame) %}
    {%- set last = 'current row' if frame.last == 0 else frame.last ~ ' preceding' if frame.last > 0
        else -frame.last ~ ' following' -%}
    {{- return('over (partition by ' ~ frame.partition | join(', ') ~ ' order by ' ~ frame.order ~ ' range between '
        ~ frame.first ~ ' preceding and ' ~ last ~ ')') -}}
{% endmacro %}


{#
    An aggregate over a frame, as SQL for the select of _select_over_ranges.

    ranges  list to which it is added, where it must be joined
    call    SQL: an aggregate of one argument, of unqualified columns that the rows of the select have
    frame   what _range returned
#}
{% macro _over_range(ranges, call, frame) %}
    {%- if driftline._knows_ranges() -%}{{- return(call ~ ' ' ~ driftline._range_text(frame)) -}}{%- endif -%}
    {{- return(driftline._joined_aggregate(ranges, {'text': call, 'x': none, 'y': none}, frame)) -}}
{% endmacro %}


{# covar_pop(x, y) over a frame; x is never NULL. Not every engine that has no such frames has it without one. #}
{% macro _covariance_over_range(ranges, x, y, frame) %}
    {%- if driftline._knows_ranges() -%}
        {{- return('covar_pop(' ~ y ~ ', ' ~ x ~ ') ' ~ driftline._range_text(frame)) -}}
    {%- endif -%}
    {{- return(driftline._joined_aggregate(ranges, {'text': 'covariance ' ~ x ~ ' ' ~ y, 'x': x, 'y': y}, frame)) -}}
{% endmacro %}


{% macro _joined_aggregate(ranges, call, frame) %}
    {%- set text = driftline._range_text(frame) -%}
    {%- if not ranges | selectattr('text', 'equalto', text) | list -%}
        {%- do ranges.append({'text': text, 'name': 'range_' ~ ranges | length, 'frame': frame, 'calls': []}) -%}
    {%- endif -%}
    {%- set range = ranges | selectattr('text', 'equalto', text) | first -%}
    {%- if not range.calls | selectattr('text', 'equalto', call.text) | list -%}
        {%- do range.calls.append({'name': range.calls | length, 'text': call.text, 'x': call.x, 'y': call.y}) -%}
    {%- endif -%}
    {%- set found = range.calls | selectattr('text', 'equalto', call.text) | first -%}
    {%- set name = range.name ~ '.aggregate_' ~ found.name -%}
    {{- return('coalesce(' ~ name ~ ', 0)' if call.text.startswith('count(') else name) -}}
{% endmacro %}


{#
    `select <columns> from <rows> as <alias> where <condition>`, columns with what _over_range returned.

    ranges     the list that it filled
    columns    SQL
    rows       a relation's name, or SQL in brackets
    alias      of the rows, or none
    condition  SQL, or none; only with a name
#}
{% macro _select_over_ranges(ranges, columns, rows, alias=none, condition=none) %}
    {%- set is_named = not rows.strip().startswith('(') -%}
    {%- set shared = 'framed_' ~ alias -%}
    {%- if ranges and not is_named %}
    with {{ shared }} as {{ rows }}
    {% endif %}
    select
        {{ columns }}
    from {{ rows if is_named or not ranges else shared }}{{ ' as ' ~ alias if alias }}
    {%- if ranges %}
    {{- driftline._join_ranges(ranges, shared if not is_named else rows if condition is none
        else '(select * from ' ~ rows ~ ' where ' ~ condition ~ ')') }}
    {%- endif %}
    {%- if condition is not none %}
    where {{ condition }}
    {%- endif %}
{% endmacro %}


{#
    Each frame's aggregates, joined: they are the same for all rows of one partition and place, and no rows are in the
    frame of a row that has none of either.
#}
{% macro _join_ranges(ranges, rows) %}
    {%- for range in ranges %}
    {%- set frame = range.frame %}
    {%- set keys = [] %}
    {%- for key in frame.partition -%}{%- do keys.append('range_key_' ~ loop.index) -%}{%- endfor %}
    {%- set grain = (keys + ['range_at']) | join(', ') %}
    left join (
        select
            {{ grain }}
            {%- for call in range.calls %},
            {{ call.text if call.x is none
                else 'avg((' ~ call.x ~ ' - x_' ~ call.name ~ ') * (' ~ call.y ~ ' - y_' ~ call.name ~ '))' }}
                as aggregate_{{ call.name }}
            {%- endfor %}
        from (
            select
                g.{{ grain | replace(', ', ', g.') }}, e.*
                {%- for call in range.calls if call.x is not none %}
                {%- set of = ' over (partition by g.' ~ grain | replace(', ', ', g.') ~ ')' %},
                avg(case when {{ call.y }} is not null then {{ call.x }} end){{ of }} as x_{{ call.name }},
                avg({{ call.y }}){{ of }} as y_{{ call.name }}
                {%- endfor %}
            from (
                select distinct
                    {%- for key in frame.partition %} {{ key }} as {{ keys[loop.index0] }},{% endfor %}
                    {{ frame.order }} as range_at
                from {{ rows }} as r
            ) as g
            join (
                select r.*, {{ frame.order }} as own_at
                    {%- for key in frame.partition %}, {{ key }} as own_key_{{ loop.index }}{% endfor %}
                from {{ rows }} as r
            ) as e
                on e.own_at >= g.range_at - {{ frame.first }}
                and e.own_at <= g.range_at {{ '-' if frame.last >= 0 else '+' }} {{ frame.last | abs }}
                {%- for key in keys %}
                and e.own_key_{{ loop.index }} = g.{{ key }}
                {%- endfor %}
        ) as framed
        group by {{ grain }}
    ) as {{ range.name }}
        on {{ range.name }}.range_at = {{ frame.order }}
        {%- for key in frame.partition %}
        and {{ range.name }}.range_key_{{ loop.index }} = {{ key }}
        {%- endfor %}
    {%- endfor %}
{% endmacro %}
