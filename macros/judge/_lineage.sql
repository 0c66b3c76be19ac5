{#
    Incidents of monitors that read different relations, where those come from one upstream (decision 39).

    A monitor's ancestors are those of dbt's lineage. An upstream is what happened where facts of at least two of the
    relations it feeds, and of most of them, begin together; of several the one that moved most, of these the
    one that feeds the fewest, of these the nearest.
#}


{# The nodes above a node of dbt's lineage, without those of this package: {id: 1}. #}
{% macro _ancestors(id) %}
    {%- set found = {} -%}
    {%- set at = namespace(level=[id]) -%}
    {%- for step in range(100) if at.level -%}
        {%- set above = [] -%}
        {%- for child in at.level if child in graph.nodes -%}
            {%- for parent in graph.nodes[child].depends_on.nodes or [] -%}
                {%- if parent not in found and parent.split('.')[1] != 'driftline' -%}
                    {%- do found.update({parent: 1}) -%}{%- do above.append(parent) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- set at.level = above -%}
    {%- endfor -%}
    {{- return(found) -}}
{% endmacro %}


{# What feeds several listed monitors; of what feeds the same ones, the nearest: list of {id, monitors, ancestors}. #}
{% macro _upstreams() %}
    {%- set fed, nearest = {}, {} -%}
    {%- for monitor in (driftline._monitors() if execute else []) -%}
        {%- for id in driftline._ancestors('model.' ~ project_name ~ '.' ~ monitor) -%}
            {%- if id not in fed -%}{%- do fed.update({id: []}) -%}{%- endif -%}
            {%- do fed[id].append(monitor) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for id, monitors in fed.items() if monitors | length > 1 -%}
        {%- set same = monitors | join('|') -%}
        {%- set ancestors = driftline._ancestors(id) | length -%}
        {%- if same not in nearest or ancestors > nearest[same].ancestors
            or (ancestors == nearest[same].ancestors and id < nearest[same].id) -%}
            {%- do nearest.update({same: {'id': id, 'monitors': '|' ~ same ~ '|', 'ancestors': ancestors}}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(nearest.values() | list) -}}
{% endmacro %}


{# The same as SQL of a relation: node, its name, the monitors it feeds, how many relations these read, ancestors. #}
{% macro _upstream_nodes(upstreams) %}
    select
        u.node, u.name, u.monitors, u.ancestors, count(distinct m.relation_name) as relations
    from (
        {%- for upstream in upstreams %}
        {%- set parts = upstream.id.split('.') %}
        select
            {{ driftline._text(upstream.id) }} as node,
            {{ driftline._text(parts[0] ~ ' ' ~ parts[2:] | join('.')) }} as name,
            {{ driftline._text(upstream.monitors) }} as monitors, {{ upstream.ancestors }} as ancestors
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as u
    join {{ ref('driftline_int_monitors') }} as m on {{ driftline._contains('u.monitors', "'|' || m.monitor || '|'") }}
    group by u.node, u.name, u.monitors, u.ancestors
{% endmacro %}


{#
    The incidents, one row for each upstream of theirs: what _joined_upstream reads. Where all monitors fail, it is not
    their data.

    incidents   a relation of facts (monitor, alert_id, upstream, incident_no, begins, begun)
    was_joined  whether the last build of the table says which upstreams were what happened: what was told as one stays
                one, whatever else is fed by now
#}
{% macro _fed_by(incidents, upstreams, was_joined) %}
    select
        upstream, incident_no, node, max(name) as name, min(begins) as begins, min(begun) as begun,
        max(relations) as relations, max(ancestors) as ancestors, max(was_joined) as was_joined
    from (
        select
            i.upstream, i.incident_no, i.begins, i.begun, n.node, n.name, n.relations, n.ancestors, 0 as was_joined
        from {{ incidents }} as i
        join ({{ driftline._upstream_nodes(upstreams) }}) as n
            on {{ driftline._contains('n.monitors', "'|' || i.monitor || '|'") }}
        {%- if was_joined %}
        union all
        select i.upstream, i.incident_no, i.begins, i.begun, k.node, k.node_name, 0, 0, 1
        from {{ incidents }} as i
        join {{ this }} as k on k.alert_id = i.alert_id and k.node is not null
        {%- endif %}
    ) as f
    where upstream <> 'operation'
    group by upstream, incident_no, node
{% endmacro %}


{#
    Which incidents of several relations begin together below one upstream: SQL of a relation (upstream, incident_no,
    node, name, group_no), upstream being the relation whose incident it is.

    fed  a relation (upstream, incident_no, begins, begun, node, name, relations, ancestors, was_joined)
#}
{% macro _joined_upstream(fed) %}
    select
        c.upstream, c.incident_no, c.node, c.name,
        sum(is_first) over (
            partition by node order by begins, upstream, incident_no rows unbounded preceding
        ) as group_no
    from (
        select
            n.*,
            case when begins < max(begun) over (
                partition by node order by begins, upstream, incident_no
                rows between unbounded preceding and 1 preceding
            ) then 0 else 1 end as is_first
        from (
            select
                a.*,
                row_number() over (
                    partition by upstream, incident_no
                    order by was_joined desc, moving desc, relations, ancestors desc,
                        {{ driftline._byte_order('node') }}
                ) as choice
            from (
                select
                    a.upstream, a.incident_no, a.begins, a.begun, a.node, a.name, a.relations, a.ancestors,
                    a.was_joined, count(distinct b.upstream) as moving
                from {{ fed }} as a
                join {{ fed }} as b on b.node = a.node and b.begins < a.begun and a.begins < b.begun
                group by
                    a.upstream, a.incident_no, a.begins, a.begun, a.node, a.name, a.relations, a.ancestors,
                    a.was_joined
            ) as a
            where was_joined = 1 or moving >= 2 and 2 * moving > relations
        ) as n
        where choice = 1
    ) as c
{% endmacro %}
