{#
    What the suppression of small bins can have changed of the distances to the reference: the whole body of one model
    file. Columns and errors: macros/sites/_sites.yml; why the bounds hold: docs/sites.md.
#}
{% macro suppression_bounds(monitor) %}
    {%- set listed = driftline._monitors() -%}
    {%- if monitor is not string or monitor not in listed -%}
        {{- driftline._fail(model.name, 'monitor', driftline._shown(monitor),
            'a monitor of driftline_monitors: ' ~ listed | join(', ')) -}}
    {%- endif -%}
    {%- set drift = ref('driftline_drift') -%}
    {%- set places = ['segment', 'segment_value', 'column_name', 'column_role'] -%}
    {%- set place = places | join(', ') %}
with parts as (
    {{ driftline._parts_of_state(ref(project_name, monitor), place) }}
),

baselines as (
    select {{ place }}, {{ driftline._sums_of_parts() }}
    from parts as p
    where in_reference
    group by {{ place }}
),

windows as (
    select
        {% for name in places %}d.{{ name }} as {{ name }}, {% endfor %}d.window_periods, d.window_start, d.window_end,
        {{ driftline._sums_of_parts() }}
    from (
        select distinct {{ place }}, window_periods, window_start, window_end
        from {{ drift }}
        where {{ driftline._bounded_drift(monitor) }}
    ) as d
    join parts as p on p.source = 'relation' and p.period_start >= d.window_start and p.period_start < d.window_end
        {%- for name in places %} and p.{{ name }} = d.{{ name }}{% endfor %}
    group by {% for name in places %}d.{{ name }}, {% endfor %}d.window_periods, d.window_start, d.window_end
),

shares as (
    select
        d.*, q.suppressed_bins, q.suppressed_rows, q.share as suppressed_share, q.ordered_share,
        p.suppressed_bins as baseline_suppressed_bins, p.suppressed_rows as baseline_suppressed_rows,
        p.share as baseline_suppressed_share, p.ordered_share as baseline_ordered_share
    from {{ drift }} as d
    left join windows as q on q.window_periods = d.window_periods and q.window_start = d.window_start
        and q.window_end = d.window_end
        {%- for name in places %} and q.{{ name }} = d.{{ name }}{% endfor %}
    left join baselines as p on p.segment = d.segment
        {%- for name in places[1:] %} and p.{{ name }} = d.{{ name }}{% endfor %}
    where {{ driftline._bounded_drift(monitor, 'd.') }}
)

{{ driftline._bounds_of_shares() }}
{% endmacro %}


{# Of each period, slice and column how much is shown and how much left out. place: what names slice and column. #}
{% macro _parts_of_state(state, place) %}
    select
        source, in_reference, period_start, {{ place }},
        {{ driftline._as_double("sum(case when record = 'suppressed' then row_count else 0 end)") }} as suppressed_rows,
        {{ driftline._as_double("sum(case when record = 'suppressed' then bin else 0 end)") }} as suppressed_bins,
        sum(case when record = 'suppressed' then weight_sum else 0 end) as suppressed_weight,
        max(case when record = 'suppressed' and weight_sum is null then 1 else 0 end) as is_weight_unknown,
        -- Rather too little than too much: a label that is not known is in no distance, and of the order only what is
        -- finite is sure to be.
        sum(case when record = 'count' and (bin <> -3 or column_role <> 'label') then weight_sum else 0 end)
            as shown_weight,
        sum(case when record = 'count' and bin between 0 and 9999 then weight_sum else 0 end) as ordered_weight
    from {{ state }}
    where record = 'suppressed' or record = 'count' and column_kind <> 'measure' and bin <> 20000
    group by source, in_reference, period_start, {{ place }}
{%- endmacro %}


{# The drift that has bounds: against the reference, of all versions together. #}
{% macro _bounded_drift(monitor, d='') %}
    {{- return(d ~ 'monitor = ' ~ driftline._literal(monitor) ~ ' and ' ~ d ~ "baseline = 'reference' and " ~ d
        ~ "model_version = 'all'") -}}
{% endmacro %}


{# How much of the rows of some periods is left out, at most: of all, and of those whose values have an order. #}
{% macro _sums_of_parts() %}
        sum(suppressed_bins) as suppressed_bins, sum(suppressed_rows) as suppressed_rows,
        {%- for name, shown in {'share': 'shown_weight', 'ordered_share': 'ordered_weight'}.items() %}
        case
            when max(is_weight_unknown) = 1 then null
            when sum(suppressed_weight) > 0 then sum(suppressed_weight) / (sum(suppressed_weight) + sum({{ shown }}))
            else 0e0
        end as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
{%- endmacro %}


{#
    The bounds. Each of these distances is a metric, so what is true lies within reach(q) + reach(p) of what is shown,
    where reach(s) is how far a distribution can move when a share s of it, that nobody sees, is put back.
#}
{% macro _bounds_of_shares() %}
    {%- set reach = {
        'js_distance': 'sqrt(case when ({js}) > 0e0 then ({js}) / 2e0 else 0e0 end)',
        'hellinger': 'sqrt(1e0 - sqrt(1e0 - {s}))',
        'total_variation': '{s}', 'l_infinity': '{s}', 'ks': '{s}',
    } -%}
    {#- Jensen–Shannon divergence of a distribution and itself with a share s of something it has nothing of. -#}
    {%- set js = "{s} - ln(1e0 - {s} / 2e0) / ln(2e0)"
        ~ " + case when {s} < 1e0 then (1e0 - {s}) * ln((1e0 - {s}) / (1e0 - {s} / 2e0)) / ln(2e0) else 0e0 end" %}
select
    monitor, segment, segment_value, window_periods, window_start, window_end, column_name, column_role, column_kind,
    suppressed_bins, suppressed_rows, suppressed_share,
    baseline_suppressed_bins, baseline_suppressed_rows, baseline_suppressed_share,
    {%- for name in reach %}
    {%- set share = 'ordered_share' if name == 'ks' else 'suppressed_share' %}
    {%- set formula = reach[name] | replace('{js}', js) %}
    {%- set moved = '(' ~ formula | replace('{s}', share) ~ ') + (' ~ formula | replace('{s}', 'baseline_' ~ share)
        ~ ')' %}
    {%- set ends = ['ks_lower', 'ks_upper'] if name == 'ks' else [name, name] %}
    {#- Where one of them is NULL, so is the bound: not every engine's greatest() says so. -#}
    case when {{ ends[0] }} - ({{ moved }}) > 0e0 then {{ ends[0] }} - ({{ moved }})
        when {{ ends[0] }} - ({{ moved }}) is not null then 0e0 end as {{ name }}_lower,
    case when {{ ends[1] }} + ({{ moved }}) < 1e0 then {{ ends[1] }} + ({{ moved }})
        when {{ ends[1] }} + ({{ moved }}) is not null then 1e0 end as {{ name }}_upper,
    {%- endfor %}
    {%- for name in ['psi', 'wasserstein', 'chi_squared'] %}
    case when suppressed_share = 0 and baseline_suppressed_share = 0 then {{ name }} end as {{ name }}_lower,
    case when suppressed_share = 0 and baseline_suppressed_share = 0 then {{ name }} end as {{ name }}_upper,
    {%- endfor %}
    case
        when suppressed_share is null or baseline_suppressed_share is null
            then 'the weight of what is left out is not known, or nothing is shown'
        when suppressed_share > 0 or baseline_suppressed_share > 0
            then 'psi, wasserstein and chi_squared have no bounds: they grow without end in what is left out'
    end as reason
from shares
{%- endmacro %}
