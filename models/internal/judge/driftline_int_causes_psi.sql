{{ config(materialized=driftline._step_materialization('part')) }}
{%- if driftline._is_needed() -%}
{%- set null_double = driftline._as_double('null') %}

-- Causes of alerts on a column's distribution: segment values and versions by what they carry of the PSI, and its bins.
--
-- The PSI is a sum over bins of (q-p)·ln(q/p); given the logarithms it is a sum over the rows' parts as well.
with bins as (
    select
        s.*
        {%- for side in ['q', 'p'] %},
        sum({{ side }}_top) over (partition by case_no, kind, name) as {{ side }}_total,
        sum({{ side }}_bottom) over (partition by case_no, kind, name) as {{ side }}2_total,
        sum({{ side }}_top) over (partition by case_no, kind, name, part) as {{ side }}_bin,
        sum({{ side }}_top) over (partition by case_no, kind, name, value) as {{ side }}_member
        {%- endfor %}
    from {{ ref('driftline_int_cause_sums') }} as s
    where s.block = 'psi'
),

shares as (
    select
        case_no, kind, name, value, part
        {%- for side in ['q', 'p'] %},
        {{ side }}_member / {{ side }}_total as {{ side }}_share,
        {{ side }}_bin / {{ side }}_total as {{ side }}_bin_share,
        {{ side }}_top / {{ side }}_total as {{ side }}_part,
        {{ side }}_top / nullif({{ side }}_member, 0) as {{ side }}_within,
        case
            when {{ side }}_bin > 0 then {{ side }}_bin / {{ side }}_total
            else 0.5e0 * {{ side }}2_total / {{ side }}_total / {{ side }}_total
        end as {{ side }}_smooth
        {%- endfor %}
    from bins
    where q_total > 0 and p_total > 0 and (q_bin > 0 or p_bin > 0)
),

weights as {{ driftline._computed_once() }} (
    select
        shares.*,
        (q_smooth - p_smooth) * ln(q_smooth / p_smooth) as term,
        -- A share of zero counts as half a row, so its bin counts for a little less than the shares say.
        case
            when q_bin_share <> p_bin_share
                then (q_smooth - p_smooth) / (q_bin_share - p_bin_share) * ln(q_smooth / p_smooth)
            else 0e0
        end as weight,
        (coalesce(q_within, p_within, 0e0) + coalesce(p_within, q_within, 0e0)) / 2e0 as within_of_sides,
        (q_bin_share + p_bin_share) / 2e0 as bin_of_sides,
        count(*) over (partition by case_no, kind, name, part) as members
    from shares
),

members as {{ driftline._computed_once() }} (
    select
        case_no, kind, name, value,
        sum(weight * (q_part - p_part)) - (max(q_share) - max(p_share)) * max(middle) as contribution,
        (max(q_share) - max(p_share)) * (sum(weight * within_of_sides) - max(middle)) as shares_effect,
        max(psi) as change,
        max(q_share) as q_share, max(p_share) as p_share
    from (
        select
            weights.*,
            sum(weight * bin_of_sides / members) over (partition by case_no, kind, name) as middle,
            sum(term / members) over (partition by case_no, kind, name) as psi
        from weights
    ) as w
    where kind <> 'total'
    group by case_no, kind, name, value
),

bin_texts as {{ driftline._computed_once() }} (
    {{ driftline._bin_texts() }}
)

select
    p.case_no as case_no, p.kind as cause_kind, p.name as cause_name, p.value as cause_value,
    p.contribution, 'psi' as contribution_unit, p.change as whole,
    p.shares_effect, p.contribution - p.shares_effect as rates_effect, 'psi' as effect_unit,
    d.psi as value, {{ null_double }} as expected, {{ null_double }} as weight,
    p.q_share as row_share, p.p_share as expected_row_share,
    case when p.kind = 'version' then 'version ' || p.value else p.name || ' = ' || p.value end
        || case when p.q_share = 0 then ': no rows any more' when p.p_share = 0 then ': none in the baseline'
            else '' end
        || ': carries ' || {{ driftline._readable('p.contribution') }} || ' of the PSI'
        || case when d.psi is not null then ', its own is ' || {{ driftline._readable('d.psi') }} else '' end
        || ', ' || {{ driftline._percent('p.q_share') }}
        || ' of the rows instead of ' || {{ driftline._percent('p.p_share') }} as description
from members as p
join {{ ref('driftline_int_explained_windows') }} as k on k.case_no = p.case_no and k.explained_family = 'drift'
left join {{ ref('driftline_drift') }} as d
    on d.monitor = k.monitor and d.window_periods = k.window_periods and d.window_start = k.window_start
    and d.column_name = k.column_name and d.column_role = k.column_role and d.baseline = k.drift_baseline
    and d.model_version = case when p.kind = 'version' then p.value else k.model_version end
    and d.segment = case when p.kind = 'version' then k.segment else p.name end
    and d.segment_value = case when p.kind = 'version' then k.segment_value else p.value end
union all
select
    w.case_no as case_no, 'bin', k.column_name as column_name, b.text,
    w.term, 'psi', sum(w.term) over (partition by w.case_no),
    w.q_bin_share - w.p_bin_share, {{ null_double }}, 'share',
    {{ null_double }}, {{ null_double }}, {{ null_double }}, w.q_bin_share, w.p_bin_share,
    k.column_name || ' ' || b.text || ': ' || {{ driftline._percent('w.q_bin_share') }}
        || ' of the rows instead of ' || {{ driftline._percent('w.p_bin_share') }}
from weights as w
join {{ ref('driftline_int_explained_windows') }} as k on k.case_no = w.case_no
join bin_texts as b
    on b.monitor = k.monitor and b.column_name = k.column_name and b.column_role = k.column_role
    and b.part = w.part and b.is_group = 1
where w.kind = 'total'
{%- else -%}{{ driftline._empty() }}{%- endif %}
