{#
    What the steps between windows and measures are: relations of their own ('table'), or parts of the statement that
    reads them ('ephemeral').

    line  whose steps: 'drift', 'quality', 'concept' or 'trend'; 'part': what is short enough to be part of the
          statements that read it, on an engine that computes it once for all of them
#}
{% macro _step_materialization(line) %}
    {%- if not driftline._monitors() -%}{{- return('ephemeral') -}}{%- endif -%}
    {%- do driftline._place('steps') -%}
    {{- return(adapter.dispatch('_step_materialization', 'driftline')(line)) -}}
{% endmacro %}
{% macro default___step_materialization(line) %}
    {{- return('ephemeral' if line == 'part' else 'table') -}}
{% endmacro %}
{# Drift's steps as relations halve time and memory; concept's would only be 75 MB more in the demo (decision 22). #}
{% macro duckdb___step_materialization(line) %}
    {{- return('table' if line == 'drift' else 'ephemeral') -}}
{% endmacro %}


{# Whether anything is left of a weight when a part of it is taken out: what rounding leaves of a row is no row. #}
{% macro _is_left(all, part) %}
    {{- return(all ~ ' - ' ~ part ~ ' > 1e-12 * ' ~ all) -}}
{% endmacro %}


{#
    The sums of every bin of every period, dense, that the windows of a scope are rolled from.

    scope     recent: the windows that this run computes. noise: those of the reference, where all is computed anew
    scopes    relation of the slices: changed_from_index and reach (where the run's windows begin and how far they look
              back), is_anew, reference_first_index and _last_index
    roles     of the bins' columns
    measures  list of {name}
    carried   further columns of `scopes`
    leaves    whether to say which periods the calendar keeps out of baselines (leaves, 0 or 1)
#}
{% macro _dense_bins(scope, scopes, roles, measures, carried=[], leaves=false) %}
    select
        {{ 1 if scope == 'noise' else 0 }} as is_noise, k.slice_no as slice_no, c.bin_no as bin_no,
        c.column_no as column_no, c.bin as bin,
        k.block, k.period as period, k.period_index as period_index,
        {{ 'k.first_index' if scope == 'recent' else 'o.reference_first_index as first_index' }}
        {%- for name in carried %}, o.{{ name }}{% endfor %}
        {{- ', case when e.column_no is null then 0 else 1 end as leaves' if leaves }}
        {%- for measure in measures %},
        coalesce(s.{{ measure.name }}, 0) as {{ measure.name }}
        {%- endfor %}
    from {{ ref('driftline_int_calendar') }} as k
    join {{ scopes }} as o on o.slice_no = k.slice_no and o.is_shown
        {%- if scope == 'recent' %}
        and o.source = 'relation' and k.period_index >= o.changed_from_index - o.reach
        {%- else %}
        and o.is_anew and k.period_index between o.reference_first_index and o.reference_last_index
        {%- endif %}
    join {{ ref('driftline_int_bins') }} as c on c.monitor = k.monitor
    left join {{ ref('driftline_int_series') }} as s
        on s.slice_no = k.slice_no and s.bin_no = c.bin_no and s.period_index = k.period_index
    {%- if leaves %}
    left join ({{ driftline._leaving_periods() }}
    ) as e on e.column_no = c.column_no and e.period_index = k.period_index
    {%- endif %}
    where c.column_role in ('{{ roles | join("', '") }}') and c.bin_kind <> 'moments'
{% endmacro %}


{# The distances of pairs, put together: of those for which a condition on s (driftline_int_sides) holds. #}
{% macro _pair_results(condition) %}
    {%- set steps = {'bins': 'd', 'groups': 'p', 'cells': 'x'} %}
    select
        {{ driftline._all_of('s') }}
        {%- for rows, alias in steps.items() %}
        {%- for name in driftline._distance_results(rows) %}, {{ alias }}.{{ name }}{% endfor %}
        {%- endfor %}
    from {{ ref('driftline_int_sides') }} as s
    left join {{ ref('driftline_int_distances') }} as d on d.pair_no = s.pair_no
    left join {{ ref('driftline_int_psi') }} as p on p.pair_no = s.pair_no
    left join {{ ref('driftline_int_chi_squared') }} as x on x.pair_no = s.pair_no
    where {{ condition }}
{% endmacro %}
