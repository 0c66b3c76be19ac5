{{ config(materialized='table', contract={'enforced': driftline._enforce_contract()}) }}
{#- A window's value; @ stands for the prefix of the window's sums. A sum over no rows is 0, one over rows without a value
    is not known. -#}
{%- set value = 'case when r.@numerator_n > 0 then case when m.is_ratio = 1 then r.@numerator / nullif(r.@denominator, 0)'
    ~ ' else r.@numerator end when m.is_ratio = 0 and r.@n = 0 then 0e0 end' -%}
{%- set measures = [] -%}
{%- for name in ['n', 'numerator_n', 'numerator', 'denominator'] -%}
    {%- do measures.append({'name': name, 'aggregate': 'sum', 'baselines': true}) -%}
{%- endfor -%}
{%- for name in ['reference_numerator_n', 'reference_numerator', 'reference_denominator', 'reference_periods'] -%}
    {%- do measures.append({'name': name, 'aggregate': 'sum', 'baselines': false}) -%}
{%- endfor %}

with metrics as (
    select monitor, column_no, column_name as metric, max(case when bin_kind = 'denominator' then 1 else 0 end) as is_ratio
    from {{ ref('driftline_cells') }}
    where column_role = 'business'
    group by monitor, column_no, column_name
),

sums as (
    select
        s.group_no, c.column_no, s.period_index,
        sum(case when c.bin_kind = 'numerator' then s.n end) as numerator_n,
        sum(case when c.bin_kind = 'numerator' then s.v end) as numerator,
        sum(case when c.bin_kind = 'numerator' then s.reference_n end) as reference_numerator_n,
        sum(case when c.bin_kind = 'numerator' then s.reference_v end) as reference_numerator,
        sum(case when c.bin_kind = 'denominator' then s.v end) as denominator,
        sum(case when c.bin_kind = 'denominator' then s.reference_v end) as reference_denominator
    from {{ ref('driftline_series') }} as s
    join {{ ref('driftline_cells') }} as c on c.cell_no = s.cell_no
    where c.column_role = 'business'
    group by s.group_no, c.column_no, s.period_index
),

row_counts as (
    select s.group_no, s.period_index, s.n, s.reference_n
    from {{ ref('driftline_series') }} as s
    join {{ ref('driftline_cells') }} as c on c.cell_no = s.cell_no
    where c.column_role = 'row'
),

dense as (
    select
        k.group_no, m.column_no, k.block, k.period, k.period_index, k.first_index,
        coalesce(n.n, 0) as n,
        coalesce(s.numerator_n, 0) as numerator_n, coalesce(s.numerator, 0) as numerator, coalesce(s.denominator, 0) as denominator,
        coalesce(s.reference_numerator_n, 0) as reference_numerator_n,
        coalesce(s.reference_numerator, 0) as reference_numerator, coalesce(s.reference_denominator, 0) as reference_denominator,
        case when n.reference_n > 0 then 1 else 0 end as reference_periods
    from {{ ref('driftline_calendar') }} as k
    join metrics as m on m.monitor = k.monitor
    left join sums as s on s.group_no = k.group_no and s.column_no = m.column_no and s.period_index = k.period_index
    left join row_counts as n on n.group_no = k.group_no and n.period_index = k.period_index
),

rolled as (
    {{ driftline._roll('dense', ['group_no', 'column_no', 'block'], measures) }}
),

-- The reference, less what the window shares with it.
reference as (
    select
        r.group_no, c.column_no,
        sum(case when c.bin_kind = 'numerator' then r.n end) as numerator_n,
        sum(case when c.bin_kind = 'numerator' then r.v end) as numerator,
        sum(case when c.bin_kind = 'denominator' then r.v end) as denominator,
        max(p.periods) as periods,
        max(r.reference_model_version) as reference_model_version
    from {{ ref('driftline_reference') }} as r
    join {{ ref('driftline_cells') }} as c on c.cell_no = r.cell_no
    join (
        select r.group_no, r.periods
        from {{ ref('driftline_reference') }} as r
        join {{ ref('driftline_cells') }} as c on c.cell_no = r.cell_no
        where c.column_role = 'row'
    ) as p on p.group_no = r.group_no
    where c.column_role = 'business'
    group by r.group_no, c.column_no
),

valued as (
    select
        r.group_no, r.window_periods, r.period_index, r.column_no, m.metric, m.is_ratio, r.n, r.numerator_n, r.numerator, r.denominator,
        {{ value | replace('@', '') }} as value,
        {{ value | replace('@', 'previous_') }} as previous_value,
        {{ value | replace('@', 'seasonal_') }} as seasonal_value,
        case
            when coalesce(f.numerator_n, 0) <= r.reference_numerator_n then null
            -- What rounding leaves of a denominator is none.
            when m.is_ratio = 1 then case
                when abs(f.denominator - r.reference_denominator) > 1e-12 * abs(f.denominator)
                    then (f.numerator - r.reference_numerator) / (f.denominator - r.reference_denominator)
            end
            -- A sum over another version's rows is no reference for this one; a ratio is.
            when f.reference_model_version = g.model_version then r.window_periods * (f.numerator - r.reference_numerator) / nullif(f.periods - r.reference_periods, 0)
        end as reference_value
    from rolled as r
    join metrics as m on m.column_no = r.column_no
    join {{ ref('driftline_groups') }} as g on g.group_no = r.group_no
    left join reference as f on f.group_no = r.group_no and f.column_no = r.column_no
    where r.period_index - r.window_periods + 1 >= r.first_index
),

-- Mean and deviation of the windows of the same length that came before, none of which overlaps another; gaps are left out.
with_trailing as (
    {%- for window in driftline._windows() -%}
    {%- set outer = loop -%}
    {%- for size in window.sizes -%}
    {%- set windows = [8, (window.trailing + size - 1) // size] | max %}
    {%- set frame = 'over (partition by group_no, column_no, mod(period_index, ' ~ size ~ ') order by period_index range between ' ~ windows * size ~ ' preceding and ' ~ size ~ ' preceding)' %}
    select
        v.*,
        avg(value) {{ frame }} as trailing_mean,
        stddev_samp(value) {{ frame }} as trailing_stddev,
        count(value) {{ frame }} as trailing_count
    from (
        select v.* from valued as v join {{ ref('driftline_groups') }} as g on g.group_no = v.group_no
        where g.period = {{ driftline._literal(window.period) }} and v.window_periods = {{ size }}
    ) as v
    {{ 'union all' if not (loop.last and outer.last) }}
    {%- endfor -%}
    {%- endfor %}
)

select
    w.monitor, w.model_version, w.segment, w.segment_value,
    cast(t.window_periods as {{ dbt.type_int() }}) as window_periods, w.window_start, w.window_end,
    t.metric, w.is_complete,
    cast(t.n as {{ dbt.type_bigint() }}) as row_count,
    {{ driftline._as_double('t.value') }} as value,
    {{ driftline._as_double('t.numerator') }} as numerator,
    {{ driftline._as_double('case when t.is_ratio = 1 then t.denominator end') }} as denominator,
    {{ driftline._as_double('t.previous_value') }} as previous_value,
    {{ driftline._as_double('t.reference_value') }} as reference_value,
    {{ driftline._as_double('t.trailing_mean') }} as trailing_mean,
    {{ driftline._as_double('case when t.trailing_count >= 5 then t.trailing_stddev end') }} as trailing_stddev,
    cast(t.trailing_count as {{ dbt.type_int() }}) as trailing_count,
    {{ driftline._as_double('(t.value - t.previous_value) / nullif(abs(t.previous_value), 0)') }} as change_previous,
    {{ driftline._as_double('(t.value - t.reference_value) / nullif(abs(t.reference_value), 0)') }} as change_reference,
    {{ driftline._as_double('case when t.trailing_count >= 5 then (t.value - t.trailing_mean) / nullif(t.trailing_stddev, 0) end') }} as z_score,
    {{ driftline._as_double('t.seasonal_value') }} as seasonal_value,
    {{ driftline._as_double('(t.value - t.seasonal_value) / nullif(abs(t.seasonal_value), 0)') }} as change_seasonal,
    {{ driftline._as_text("case
        when t.n = 0 and t.is_ratio = 1 then 'no rows in the window'
        when t.numerator_n = 0 and t.n > 0 then 'no values in the window'
        when t.value is null then 'the denominator is zero'
        when t.trailing_count < 5 then 'fewer than 5 windows before, no z-score'
        when t.trailing_stddev = 0 then 'the windows before do not vary, no z-score'
    end") }} as reason
from with_trailing as t
join {{ ref('driftline_windows') }} as w
    on w.group_no = t.group_no and w.window_periods = t.window_periods and w.period_index = t.period_index and w.source = 'relation'
