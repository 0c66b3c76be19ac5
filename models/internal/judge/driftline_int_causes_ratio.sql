{{ config(materialized=driftline._step_materialization('part')) }}
{%- if driftline._is_needed() -%}
{%- set null_double = driftline._as_double('null') %}

-- Causes of alerts on metrics that are ratios of sums over rows: segment values and versions by what they add to the
-- change; of a metric of concept drift the column's bins as well.
with ratio_metrics as (
    select distinct metric, quantity, is_root from ({{ driftline._ratio_metrics() }}) as r
),

business as (
    {{ driftline._business_metrics() }}
),

members as (
    select
        s.case_no as case_no, s.kind, s.name, s.value, case when s.kind = 'total' then s.part else 0 end as part,
        max(coalesce(b.is_sum, 0)) as is_sum,
        sum(s.q_top) as q_top, sum(s.q_bottom) as q_bottom,
        sum(s.p_top) / max(case when b.is_sum = 1 then s.p_windows else 1e0 end) as p_top,
        sum(s.p_bottom) / max(case when b.is_sum = 1 then s.p_windows else 1e0 end) as p_bottom
    from {{ ref('driftline_int_cause_sums') }} as s
    join {{ ref('driftline_int_explained_windows') }} as k on k.case_no = s.case_no
    left join business as b
        on b.monitor = k.monitor and b.metric = k.explained_metric and k.explained_family = 'business'
    where s.block = 'ratio' and (s.kind <> 'total' or k.explained_family = 'concept')
    group by s.case_no, s.kind, s.name, s.value, case when s.kind = 'total' then s.part else 0 end
),

totalled as (
    select
        members.*,
        {%- for sum in ['q_top', 'q_bottom', 'p_top', 'p_bottom'] %}
        sum({{ sum }}) over (partition by case_no, kind, name) as {{ sum }}_total,
        {%- endfor %}
        q_top / nullif(q_bottom, 0) as q_rate, p_top / nullif(p_bottom, 0) as p_rate
    from members
),

-- Each part's share of the change: what it is on the one side, less what it is on the other, both seen from the
-- middle of the two means, so that a part that grows counts for more only where it is better or worse than the rest.
changes as (
    select
        {{ driftline._all_of('r') }}, c.is_root as is_root,
        k.column_name as column_name, k.monitor as monitor, k.column_role as column_role,
        case
            when k.explained_family <> 'concept' then coalesce(c.quantity, k.explained_metric)
            when k.explained_metric like 'calibration%' then 'calibration'
            when k.explained_metric like 'loss%' then 'loss'
            else 'label'
        end as unit,
        (q_top_total / q_bottom_total + p_top_total / p_bottom_total) / 2e0 as middle,
        q_bottom / q_bottom_total as q_share, p_bottom / p_bottom_total as p_share,
        (coalesce(q_rate, p_rate) + coalesce(p_rate, q_rate)) / 2e0 as rate_of_sides,
        case
            when is_sum = 1 or coalesce(c.is_root, 0) = 0 then 1e0
            else 1e0 / nullif(
                sqrt(greatest(coalesce(q_top_total / q_bottom_total, 0e0), 0e0))
                    + sqrt(greatest(coalesce(p_top_total / p_bottom_total, 0e0), 0e0)), 0
            )
        end as scale
    from totalled as r
    join {{ ref('driftline_int_explained_windows') }} as k on k.case_no = r.case_no
    left join ratio_metrics as c on k.explained_family = 'performance' and c.metric = k.explained_metric
    where q_bottom_total > 0 and p_bottom_total > 0
),

-- A sum is no rate: what it changes by is its own sum.
scaled as {{ driftline._computed_once() }} (
    select
        case_no, kind, name, value, part, unit, column_name, monitor, column_role, q_share, p_share,
        scale * case
            when is_sum = 1 then q_top - p_top
            else (q_top - middle * q_bottom) / q_bottom_total - (p_top - middle * p_bottom) / p_bottom_total
        end as contribution,
        scale * coalesce(case
            when is_sum = 1 then (q_bottom - p_bottom) * rate_of_sides
            else (q_share - p_share) * (rate_of_sides - middle)
        end, 0e0) as shares_effect,
        scale * case
            when is_sum = 1 then q_top_total - p_top_total
            else q_top_total / q_bottom_total - p_top_total / p_bottom_total
        end as change
        {%- for side in ['q', 'p'] %},
        case
            when is_sum = 1 then {{ side }}_top
            when coalesce(is_root, 0) = 0 then {{ side }}_rate
            when {{ side }}_rate is not null then sqrt(greatest({{ side }}_rate, 0e0))
        end as {{ side }}_value
        {%- endfor %}
    from changes
),

bin_texts as {{ driftline._computed_once() }} (
    {{ driftline._bin_texts() }}
)

select
    r.case_no,
    case when r.kind = 'total' then 'bin' else r.kind end as cause_kind,
    case when r.kind = 'total' then r.column_name else r.name end as cause_name,
    case when r.kind = 'total' then b.text else r.value end as cause_value,
    r.contribution, r.unit as contribution_unit, r.change as whole,
    r.shares_effect, r.contribution - r.shares_effect as rates_effect, r.unit as effect_unit,
    r.q_value as value, r.p_value as expected, {{ null_double }} as weight,
    r.q_share as row_share, r.p_share as expected_row_share,
    case
        when r.kind = 'total' then r.column_name || ' ' || b.text
        when r.kind = 'version' then 'version ' || r.value
        else r.name || ' = ' || r.value
    end
        || case when r.q_value is null then ': no rows any more'
            else ': ' || r.unit || ' ' || {{ driftline._readable('r.q_value') }} end
        || case when r.p_value is null then ', none in the baseline'
            else ' instead of ' || {{ driftline._readable('r.p_value') }} end
        || ', share ' || {{ driftline._percent('r.q_share') }}
        || ' instead of ' || {{ driftline._percent('r.p_share') }} as description
from scaled as r
left join bin_texts as b
    on b.monitor = r.monitor and b.column_name = r.column_name and b.column_role = r.column_role
    and b.part = r.part and b.is_group = 0 and r.kind = 'total'
{%- else -%}{{ driftline._empty() }}{%- endif %}
