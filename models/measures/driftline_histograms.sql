{{ driftline._result('table') }}
{%- if driftline._is_needed() -%}
{%- set bin = 'slice_no, window_periods, period_index, bin_no' %}
{#- Of monitors: the newest windows of a version may be older than those of the others. -#}
{%- set wanted -%}
        join (
            select monitor, min(period_index - window_periods) as before_index from newest group by monitor
        ) as d on d.monitor = s.monitor and s.period_index > d.before_index
        where s.source = 'relation' and c.column_role in ('feature', 'prediction', 'label') and c.bin_kind <> 'moments'
{%- endset %}
{%- set of_window = 'partition by t.slice_no, t.window_periods, t.period_index, t.column_no' %}

-- The newest windows bin by bin beside the reference, as driftline_drift holds them against each other: what is in the
-- window is taken out of the reference. A label waits until enough of its values are known.
with cells as (
    select bin_no, column_no, column_role, column_name, column_kind, bin, bin_kind, bin_group, bin_label,
        bin_lower, bin_upper
    from {{ ref('driftline_int_bins') }}
    where column_role in ('feature', 'prediction', 'label') and bin_kind <> 'moments'
),

newest as (
    select * from {{ ref('driftline_int_newest') }} where (is_newest or is_newest_of_labels) and has_reference
),

-- Their periods may lie before those that this run's windows reach.
series as (
    {{ driftline._series(wanted) }}
),

sides as (
    select
        n.slice_no, n.window_periods, n.period_index, s.bin_no,
        s.n as q_n, s.w as q, - coalesce(s.reference_n, 0e0) as p_n, - coalesce(s.reference_w, 0e0) as p, 0e0 as whole
    from newest as n
    join series as s
        on s.slice_no = n.slice_no and s.period_index > n.period_index - n.window_periods
        and s.period_index <= n.period_index
    union all
    select n.slice_no, n.window_periods, n.period_index, f.bin_no, 0e0, 0e0, f.n, f.w, f.w
    from newest as n
    join {{ ref('driftline_int_reference') }} as f on f.slice_no = n.slice_no
),

added as (
    select
        {{ bin }}, sum(q_n) as q_n, sum(q) as q,
        -- What rounding leaves of a row is no row.
        case when sum(p) > 1e-12 * sum(whole) then sum(p_n) else 0e0 end as p_n,
        case when sum(p) > 1e-12 * sum(whole) then sum(p) else 0e0 end as p
    from sides
    group by {{ bin }}
),

versions as (
    select slice_no, max(reference_model_version) as reference_model_version
    from {{ ref('driftline_int_reference') }}
    group by slice_no
),

told as (
    select
        {{ driftline._all_of('n') }}, a.q_n, a.q, a.p_n, a.p, v.reference_model_version,
        c.column_no, c.column_name, c.column_role, c.column_kind, c.bin, c.bin_kind, c.bin_group, c.bin_label,
        c.bin_lower, c.bin_upper,
        {{ driftline._readable('c.bin_lower') }} as lower_text,
        {{ driftline._readable('c.bin_upper') }} as upper_text,
        coalesce(c.bin_upper - c.bin_lower <= 1e-12 * greatest(1e0, abs(c.bin_upper)), false) as is_one_value
    from added as a
    join newest as n
        on n.slice_no = a.slice_no and n.window_periods = a.window_periods and n.period_index = a.period_index
    join cells as c on c.bin_no = a.bin_no
    left join versions as v on v.slice_no = a.slice_no
    where case when c.column_role = 'label' then n.is_newest_of_labels else n.is_newest end and (a.q > 0 or a.p > 0)
)

select
    t.monitor, t.model_version, t.segment, t.segment_value,
    cast(t.window_periods as {{ dbt.type_int() }}) as window_periods, t.window_start, t.window_end,
    {{ driftline._is_total('t') }} as is_total,
    t.column_name, t.column_role, t.column_kind, t.bin, t.bin_kind, t.bin_group,
    {{ driftline._as_text("case
        when t.bin_kind = 'category' then t.bin_label
        when t.bin_kind = 'null' then 'NULL'
        when t.bin_kind = 'nan' then 'NaN'
        when t.bin_kind = 'negative_infinity' then '-infinity'
        when t.bin_kind = 'positive_infinity' then 'infinity'
        when t.bin_kind = 'beyond_top' then 'beyond the top'
        when t.bin_kind = 'unseen' then 'not in the reference'
        when t.bin_lower is null and t.bin_upper is null then 'all values'
        when t.bin_upper is null then 'over ' || t.lower_text
        when t.bin_lower is null then 'up to ' || t.upper_text
        when t.is_one_value then t.upper_text
        else t.lower_text || ' to ' || t.upper_text
    end") }} as label,
    {{ driftline._as_double('t.bin_lower') }} as bin_lower,
    {{ driftline._as_double('t.bin_upper') }} as bin_upper,
    cast(t.q_n as {{ dbt.type_bigint() }}) as row_count,
    {{ driftline._as_double('t.q / nullif(sum(t.q) over (' ~ of_window ~ '), 0)') }} as share,
    cast(t.p_n as {{ dbt.type_bigint() }}) as reference_row_count,
    {{ driftline._as_double('t.p / nullif(sum(t.p) over (' ~ of_window ~ '), 0)') }} as reference_share,
    t.reference_model_version, t.is_retired
from told as t
{%- else -%}{{ driftline._empty() }}{%- endif %}
