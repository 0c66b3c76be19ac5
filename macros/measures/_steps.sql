{#
    What the steps between windows and measures are: relations of their own ('table'), or parts of the statement that
    reads them ('ephemeral').

    line  whose steps: 'drift' or 'concept'
#}
{% macro _step_materialization(line) %}
    {{- return(adapter.dispatch('_step_materialization', 'driftline')(line)) -}}
{% endmacro %}
{% macro default___step_materialization(line) %}
    {{- return('table') -}}
{% endmacro %}
{# Drift's steps as relations halve time and memory; concept's would only be 75 MB more in the demo (decision 22). #}
{% macro duckdb___step_materialization(line) %}
    {{- return('ephemeral' if line == 'concept' else 'table') -}}
{% endmacro %}


{#
    A result that cannot keep its rows needs steps that were made for all of them: those of a run that kept rows have
    the new windows only. Stops a build that would lose the others.
#}
{% macro _need_whole_steps(keep, scopes) %}
    {%- if execute and not keep and flags.INTROSPECT is not false and flags.WHICH in ['run', 'build'] -%}
        {%- set begin = driftline._as_timestamp("'0001-01-02'") -%}
        {%- set kept = run_query('select count(*) from ' ~ scopes ~ ' where changed_from > ' ~ begin) -%}
        {%- if kept.rows[0][0] | int > 0 -%}
            {{- exceptions.raise_compiler_error('driftline: ' ~ this.identifier
                ~ ' is to be built anew, what it is made'
                ~ ' of was not: select +' ~ this.identifier ~ ' (with --full-refresh, if that was asked for)') -}}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{# Whether anything is left of a weight when a part of it is taken out: what rounding leaves of a row is no row. #}
{% macro _is_left(all, part) %}
    {{- return(all ~ ' - ' ~ part ~ ' > 1e-12 * ' ~ all) -}}
{% endmacro %}


{#
    The sums of every bin of every period, dense, that the windows of a scope are rolled from.

    scope     recent: the windows that this run computes. noise: those of the reference, every time
    scopes    relation of the groups: changed_from_index and reach (where the run's windows begin and how far they look
              back), reference_first_index and _last_index
    roles     of the bins' columns
    measures  list of {name}
    carried   further columns of `scopes`
#}
{% macro _dense_bins(scope, scopes, roles, measures, carried=[]) %}
    select
        {{ 1 if scope == 'noise' else 0 }} as is_noise, k.slice_no, c.bin_no, c.column_no, c.bin,
        k.block, k.period, k.period_index,
        {{ 'k.first_index' if scope == 'recent' else 'o.reference_first_index as first_index' }}
        {%- for name in carried %}, o.{{ name }}{% endfor %}
        {%- for measure in measures %},
        coalesce(s.{{ measure.name }}, 0) as {{ measure.name }}
        {%- endfor %}
    from {{ ref('driftline_int_calendar') }} as k
    join {{ scopes }} as o on o.slice_no = k.slice_no
        {%- if scope == 'recent' %}
        and o.source = 'relation' and k.period_index >= o.changed_from_index - o.reach
        {%- else %}
        and k.period_index between o.reference_first_index and o.reference_last_index
        {%- endif %}
    join {{ ref('driftline_int_bins') }} as c on c.monitor = k.monitor
    left join {{ ref('driftline_int_series') }} as s
        on s.slice_no = k.slice_no and s.bin_no = c.bin_no and s.period_index = k.period_index
    where c.column_role in ('{{ roles | join("', '") }}') and c.bin_kind <> 'moments'
{% endmacro %}
