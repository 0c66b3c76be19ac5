{# What the rows of a run are counted by: periods, versions and segments. #}


{#
    What is grouped by: the grain (constants left out) and `more`. Segments of different sets are not crossed with each
    other: each set is a grouping set of its own, and segment_set says which.
#}
{% macro _group_by(rows, more) %}
    {%- set sets = [] -%}
    {%- for segments in rows.segment_sets -%}
        {%- set names = [] -%}
        {%- for part in rows.grain
            if not part.constant and (part.name in segments or not part.name.startswith('segment_')) -%}
            {%- do names.append(part.name) -%}
        {%- endfor -%}
        {%- do sets.append((names + more) | join(', ')) -%}
    {%- endfor -%}
    {{- return(sets[0] if sets | length == 1 else 'grouping sets ((' ~ sets | join('), (') ~ '))') -}}
{% endmacro %}


{# The names of what _group_by grouped. #}
{% macro _group_keys(rows) %}
    {%- set names = rows.grain | rejectattr('constant') | map(attribute='name') | list -%}
    {{- return((names + (['segment_set'] if rows.segment_sets | length > 1 else [])) | join(', ')) -}}
{% endmacro %}


{#
    The grain and segment_set as select items, in the order of the keys. Constants are written out, so that nothing
    groups by them.

    grouping  in the query that groups by _group_by itself, where segment_set is yet to be found out
#}
{% macro _key_list(rows, grouping=false) %}
    {%- set items = [] -%}
    {%- for part in rows.grain -%}
        {%- do items.append(part.sql ~ ' as ' ~ part.name if part.constant else part.name) -%}
    {%- endfor -%}
    {%- if rows.segment_sets | length > 1 -%}
        {%- set ns = namespace(cases='') -%}
        {%- for segments in rows.segment_sets -%}
            {%- set ns.cases = ns.cases ~ ' when grouping(' ~ segments[0] ~ ') = 0 then ' ~ loop.index -%}
        {%- endfor -%}
        {%- do items.append('case' ~ ns.cases ~ ' end as segment_set' if grouping else 'segment_set') -%}
    {%- endif -%}
    {{- return(items | join(', ')) -}}
{% endmacro %}


{#
    Which segments are counted crossed with each other: a list of lists of their names in the grain. Once for all of
    them is less work than one by one as long as the combinations are few beside the rows.
#}
{% macro _segment_sets(declaration, resume) %}
    {%- set names = [] -%}
    {%- for segment in declaration.segments -%}{%- do names.append('segment_' ~ loop.index) -%}{%- endfor -%}
    {%- if names | length < 2 -%}{{- return([names]) -}}{%- endif -%}
    {{- return(adapter.dispatch('_segment_sets', 'driftline')(declaration.segments, names, resume)) -}}
{% endmacro %}
{% macro default___segment_sets(segments, names, resume) %}
    {{- return([names]) -}}
{% endmacro %}
