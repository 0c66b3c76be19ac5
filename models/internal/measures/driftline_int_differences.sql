{{ config(materialized=driftline._step_materialization('part')) }}
{%- if driftline._is_needed(['comparisons']) -%}
{%- set metrics = driftline._metrics() -%}
{%- set whole_metrics = metrics | selectattr('compared', 'defined') | selectattr('compared', 'equalto', 'windows')
    | map(attribute='name') | list -%}
{%- set of_sides = ['n', 'd', 'nn', 'dd', 'nd', 'known', 'total'] -%}
{%- set sums = ['uneven', 'too_large', 'rows_1', 'rows_0', 'information'] -%}
{%- for side in [1, 0] -%}
    {%- for name in of_sides -%}{%- do sums.append(name ~ '_' ~ side) -%}{%- endfor -%}
{%- endfor -%}
{#- Products of the sums of whole periods: what varies from period to period beyond chance is seen in them. -#}
{%- set parts = ['n_1', 'd_1', 'n_0', 'd_0'] -%}
{%- set products = {} -%}
{%- for a in parts -%}
    {%- for b in parts[loop.index0:] -%}{%- do products.update({a ~ '_' ~ b: [a, b]}) -%}{%- endfor -%}
{%- endfor -%}
{#- What a period adds to the difference beyond its expectation is the sum of these factors times its parts. -#}
{%- set factors = {'n_1': '(1e0 / d_1)', 'd_1': '(-value_1 / d_1)', 'n_0': '(-1e0 / d_0)', 'd_0': '(value_0 / d_0)'} -%}
{%- set keys = ['pair_no', 'couple_no', 'family', 'metric'] -%}
{%- set columns = [
    'pair_no', 'couple_no', 'period', 'period_index', 'span', 'size', 'window_periods', 'periods', 'family', 'metric',
    'uneven', 'rows_1', 'rows_0', 'information', 'known_1', 'total_1', 'known_0', 'total_0', 'value_1', 'value_0',
    'centre',
    'difference', 'variance', 'enough_1', 'enough_0', 'too_large', 'design_effect',
] -%}
{%- set of_windows = ['value', 'standard_error', 'metric_n', 'known_n', 'rows_n'] -%}
{%- set null_double = driftline._as_double('null') %}

-- How far two versions are apart in each metric, in windows and in all periods so far, and its variance.
with multiplied as (
    select
        s.*
        {%- for name, pair in products.items() %},
        {{ pair | join(' * ') }} as {{ name }}
        {%- endfor %}
    from {{ ref('driftline_int_version_sums') }} as s
),

rolled as (
    {{ driftline._roll_spans('multiplied', keys, sums + products.keys() | list) }}
),

ratios as {{ driftline._computed_once() }} (
    select
        r.*
        {%- for side in [1, 0] %},
        case when too_large = 0 then n_{{ side }} / nullif(d_{{ side }}, 0) end as value_{{ side }},
        d_{{ side }} * (d_{{ side }} / nullif(dd_{{ side }}, 0)) as effective_{{ side }}
        {%- endfor %}
    from rolled as r
    where family = 'traffic' or periods > 0
),

-- Shares get one success and one failure more (Agresti and Caffo), so that none of few is not taken for never; the
-- others are linearised (delta method).
centred as {{ driftline._computed_once() }} (
    select
        r.*
        {%- for side in [1, 0] %},
        case
            when uneven = 0 then (value_{{ side }} * effective_{{ side }} + 1e0) / (effective_{{ side }} + 2e0)
            else value_{{ side }}
        end as centre_{{ side }},
        {{ driftline._variance('nn_' ~ side ~ ' + ' ~ driftline._squared('value_' ~ side) ~ ' * dd_' ~ side,
            '2e0 * value_' ~ side ~ ' * nd_' ~ side, 'rows_' ~ side) }}
            / nullif(d_{{ side }}, 0) / nullif(d_{{ side }}, 0)
            * (rows_{{ side }} / nullif(rows_{{ side }} - 1, 0)) as spread_{{ side }},
        case when uneven = 0 then effective_{{ side }} else rows_{{ side }} end as enough_{{ side }}
        {%- endfor %}
    from ratios as r
),

estimated as {{ driftline._computed_once() }} (
    select
        c.*,
        value_1 - value_0 as difference, centre_1 - centre_0 as centre,
        case
            when uneven = 0 then centre_1 * (1e0 - centre_1) / (effective_1 + 2e0)
                + centre_0 * (1e0 - centre_0) / (effective_0 + 2e0)
            else spread_1 + spread_0
        end as variance,
        case
            when span = 'cumulative' and periods >= {{ driftline._least_periods() }}
                and value_1 is not null and value_0 is not null and spread_1 + spread_0 > 0
            then greatest((
                {%- for name, pair in products.items() %}
                {{ '+ ' if not loop.first }}{{ '2e0 * ' if pair[0] != pair[1] -}}
                {{ factors[pair[0]] }} * {{ factors[pair[1]] }} * {{ name }}
                {%- endfor %}
            ) * (periods / (periods - 1e0)) / (spread_1 + spread_0), 1e0)
        end as own_design_effect
    from centred as c
),

-- What is not a ratio of sums comes from driftline_int_realized, for windows whose rows are all of common periods: that
-- is told by the counts of rows, which stand beside.
sides as (
    select pair_no, group_1 as slice_no, 1 as side from {{ ref('driftline_int_version_pairs') }}
    union all
    select pair_no, group_0, 0 from {{ ref('driftline_int_version_pairs') }}
),

whole_windows as (
    select
        s.pair_no, r.window_periods as size, r.period_index, r.metric
        {%- for side in [1, 0] %}{% for name in of_windows %},
        max(case when s.side = {{ side }} then r.{{ name }} end) as {{ name }}_{{ side }}
        {%- endfor %}{% endfor %}
    from {{ ref('driftline_int_realized') }} as r
    join sides as s on s.slice_no = r.slice_no
    where r.side = 'window' and r.class_name = 'all' and r.metric in ('{{ whole_metrics | join("', '") }}')
    group by s.pair_no, r.window_periods, r.period_index, r.metric
),

-- Beside and not joined: Postgres knows nothing of how many rows the steps before have.
beside as (
    select
        w.*,
        max(couple_no) over (partition by pair_no, size, period_index) as couple_of,
        max(period) over (partition by pair_no, size, period_index) as period_of,
        max(periods) over (partition by pair_no, size, period_index) as periods_of,
        max(rows_1) over (partition by pair_no, size, period_index) as all_1,
        max(rows_0) over (partition by pair_no, size, period_index) as all_0
    from (
        select
            pair_no, size, period_index, metric
            {%- for side in [1, 0] %}{% for name in of_windows %}, {{ name }}_{{ side }}{% endfor %}{% endfor %},
            cast(null as {{ dbt.type_int() }}) as couple_no, {{ driftline._as_text('null') }} as period,
            {%- for name in ['periods', 'rows_1', 'rows_0'] %} {{ null_double }} as {{ name }}{{ ',' if not loop.last }}
            {%- endfor %}
        from whole_windows
        union all
        select
            pair_no, size, period_index, metric, {% for number in range(10) %}{{ null_double }}, {% endfor -%}
            couple_no, period, periods,
            {{ driftline._as_sum('rows_1') }}, {{ driftline._as_sum('rows_0') }}
        from estimated
        where family = 'traffic' and span = 'window'
    ) as w
),

whole as (
    select
        pair_no, couple_of as couple_no, period_of as period, period_index, {{ driftline._text('window') }} as span,
        size,
        cast(size as {{ dbt.type_bigint() }}) as window_periods, periods_of as periods,
        {{ driftline._text('performance') }} as family, metric, 1 as uneven,
        metric_n_1 as rows_1, metric_n_0 as rows_0,
        metric_n_1 * (metric_n_0 / (metric_n_1 + metric_n_0)) as information,
        known_n_1 as known_1, rows_n_1 as total_1, known_n_0 as known_0, rows_n_0 as total_0,
        value_1, value_0, value_1 - value_0 as centre, value_1 - value_0 as difference,
        {{ driftline._squared('standard_error_1') }} + {{ driftline._squared('standard_error_0') }} as variance,
        metric_n_1 as enough_1, metric_n_0 as enough_0, 0 as too_large, {{ null_double }} as design_effect
    from beside
    where metric <> 'sample_ratio' and rows_n_1 = all_1 and rows_n_0 = all_0 and metric_n_1 > 0 and metric_n_0 > 0
)

-- How much more the difference varies from period to period than independent rows would make it: rows of one customer
-- or request come together. What is seen over all periods so far holds for the windows as well.
select
    {{ columns[:-1] | join(', ') }},
    max(own_design_effect) over (partition by pair_no, family, metric, period_index) as design_effect
from estimated
union all
select {{ columns | join(', ') }} from whole
{%- else -%}{{ driftline._empty() }}{%- endif %}
