{# Bins that are given instead of learnt: those of another state, so that the counts of both can be added up. #}


{# Whether the argument `bins` says {'relation': …}; before _declared_bins_relation a relation, after it its name. #}
{% macro _are_given_bins(bins) %}
    {{- return(bins is mapping and not driftline._is_relation(bins) and bins | list == ['relation']
        and (bins.relation is string or driftline._is_relation(bins.relation))) -}}
{% endmacro %}


{# The relation whose bins are used, or none; `a.bins` becomes plain values. #}
{% macro _declared_bins_relation(a) %}
    {%- if not driftline._are_given_bins(a.bins) or a.bins.relation is string -%}{{- return(none) -}}{%- endif -%}
    {%- set relation = a.bins.relation -%}
    {%- do a.update({'bins': {'relation': relation.identifier}}) -%}
    {{- return(relation) -}}
{% endmacro %}


{#
    Gives each numeric column as many bins as it has in a state; stops the run where that state has none for a column,
    or bins of another kind.

    sources  what _resolve returned
    state    a relation with rows of the record `bin`: a monitor's table, or what was exported of one
#}
{% macro _take_given_bins(declaration, sources, state) %}
    {%- if not execute or flags.INTROSPECT is false -%}{{- return('') -}}{%- endif -%}
    {%- set found, monitors = {}, [] -%}
    {%- for row in run_query(
        "select column_name, column_role, column_kind, max(case when bin_kind = 'range' then bin end), monitor from "
        ~ state ~ " where record in ('bin', 'count') group by column_name, column_role, column_kind, monitor"
    ).rows -%}
        {%- do found.update({row[0] ~ ' ' ~ row[1]: {'kind': row[2], 'last': row[3]}}) -%}
        {%- if row[4] not in monitors -%}{%- do monitors.append(row[4]) -%}{%- endif -%}
    {%- endfor -%}
    {%- if monitors | length > 1 -%}
        {{- driftline._fail(declaration.monitor, 'bins.relation', state ~ ', which holds the bins of '
            ~ monitors | sort | join(', '), 'the state of one monitor') -}}
    {%- endif -%}
    {%- for source in sources -%}
        {%- for column in source.columns -%}
            {%- set given = found.get(column.name ~ ' ' ~ column.role) -%}
            {%- if not given or given.kind != column.kind -%}
                {{- driftline._fail(declaration.monitor, 'bins.relation', state ~ ', which has '
                    ~ ('bins of kind ' ~ given.kind if given else 'no bins') ~ ' for the ' ~ column.role ~ ' '
                    ~ tojson(column.name) ~ ', here of kind ' ~ column.kind,
                    'the state of a monitor with the columns of this one') -}}
            {%- endif -%}
            {#- They need not be quantiles of this source, so any of them may reach out of the reference's range. -#}
            {%- if column.kind == 'numeric' -%}
                {%- do column.update({'edges': []}) -%}
                {%- if given.last is not none -%}{%- do column.update({'bins': given.last | int + 1}) -%}{%- endif -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}
