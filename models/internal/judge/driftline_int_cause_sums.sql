{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}
{%- set longest = [] -%}
{%- for window in driftline._windows() -%}
    {%- for size in window.sizes -%}
        {%- do longest.append((window.season // size + 2) * size) -%}
        {%- do longest.append(size + ([8, window.trailing // size + 1] | max) * size) -%}
    {%- endfor -%}
{%- endfor -%}
{%- set wanted -%}
        where s.source = 'relation' and (c.column_role = 'row' or c.bin_no in (
            select p.bin_no from {{ ref('driftline_int_cause_parts') }} as p
        ))
        and exists (
            select 1
            from periods as d
            join {{ ref('driftline_int_explained_windows') }} as k on k.case_no = d.case_no
            where k.monitor = s.monitor and d.period_index = s.period_index
        )
{%- endset -%}
{%- set is_before = "(k.explained_family = 'business' and f.baseline = 'trailing')" %}

-- The sums of driftline_int_cause_parts over the periods of each explained window (q) and of its baseline (p).
--
-- The trailing baseline of a business metric is the windows of the same length that came before: 8 of them, or as
-- many as the trailing periods hold.
with periods as {{ driftline._computed_once() }} (
    select
        k.case_no as case_no, case when f.baseline = 'window' then 'q' else 'p' end as side,
        k.period_index - n.number as period_index
    from {{ ref('driftline_int_explained_windows') }} as k
    join {{ ref('driftline_int_frames') }} as f
        on f.monitor = k.monitor and f.is_detailed and f.window_periods = k.window_periods
        and f.baseline in ('window', k.baseline)
    join ({{ driftline._numbers(longest | max) }}) as n
        on n.number >= f.nearest and n.number <= case
            when {{ is_before }} then f.nearest - 1 + k.window_periods
                * greatest(8e0, ceil((f.farthest - f.nearest + 1e0) / k.window_periods))
            else f.farthest
        end
    -- Only whole windows count among those that came before.
    where not {{ is_before }}
        or k.period_index - (floor(n.number * 1e0 / k.window_periods) + 1) * k.window_periods + 1
            >= k.monitor_first_index
),

-- An alert's windows may lie before those that this run computes.
series as {{ driftline._computed_once() }} (
    {{ driftline._series(wanted) }}
),

added as (
    {%- for side in ['q', 'p'] %}
    select
        c.case_no as case_no, c.block, c.part, c.kind, c.name, c.value
        {%- for of in ['q', 'p'] %}{% for sum in ['top', 'bottom'] %},
        {#- The window; what of it is reference comes out of the reference. #}
        {% if of == side -%}
        c.{{ sum }} * {{ driftline._sum_of('c.field', 's') }}
        {%- elif side == 'q' -%}
        case when c.baseline = 'reference' then - c.{{ sum }} * {{ driftline._sum_of('c.field', 's', 'reference_') }}
            else 0e0 end
        {%- else -%}
        0e0
        {%- endif %} as {{ of }}_{{ sum }}
        {%- endfor %}{% endfor %},
        0e0 as all_top, 0e0 as all_bottom
    from periods as t
    join {{ ref('driftline_int_cause_parts') }} as c on c.case_no = t.case_no
    join series as s
        on s.slice_no = c.slice_no and s.bin_no = c.bin_no and s.period_index = t.period_index
    where t.side = '{{ side }}'
    union all
    {%- endfor %}
    select
        c.case_no as case_no, c.block, c.part, c.kind, c.name, c.value, 0e0, 0e0
        {%- for times in range(2) %},
        c.top * {{ driftline._sum_of('c.field', 'f') }}, c.bottom * {{ driftline._sum_of('c.field', 'f') }}
        {%- endfor %}
    from {{ ref('driftline_int_cause_parts') }} as c
    join {{ ref('driftline_int_reference') }} as f
        on f.slice_no = c.slice_no and f.bin_no = c.bin_no
        -- A version is a part of the reference by its own rows only.
        and (c.kind <> 'version' or f.reference_model_version = c.value)
    where c.baseline = 'reference'
),

sums as {{ driftline._computed_once() }} (
    select
        case_no, block, part, kind, name, value, sum(q_top) as q_top, sum(q_bottom) as q_bottom
        {%- for sum in ['top', 'bottom'] %},
        -- What rounding leaves of a row is no row.
        case when abs(sum(p_{{ sum }})) > 1e-12 * greatest(abs(sum(all_{{ sum }})), 1e-280) then sum(p_{{ sum }})
            else 0e0 end as p_{{ sum }}
        {%- endfor %}
    from added
    group by case_no, block, part, kind, name, value
),

-- A sum is compared with the sum of a window of the same length: how many of those the baseline is worth.
baseline_windows as {{ driftline._computed_once() }} (
    select
        k.case_no as case_no,
        count(distinct floor({{ driftline._as_double('k.period_index - s.period_index') }} / k.window_periods)) * 1e0
            as windows
    from {{ ref('driftline_int_explained_windows') }} as k
    join periods as t on t.case_no = k.case_no and t.side = 'p'
    join {{ ref('driftline_int_bins') }} as c on c.monitor = k.monitor and c.column_role = 'row'
    join series as s
        on s.slice_no = k.slice_no and s.bin_no = c.bin_no and s.period_index = t.period_index and s.n > 0
    where k.explained_family = 'business'
    group by k.case_no
    union all
    select
        k.case_no as case_no,
        (max(f.periods) - sum(case when s.reference_n > 0 then 1 else 0 end)) / max(k.window_periods * 1e0)
    from {{ ref('driftline_int_explained_windows') }} as k
    join {{ ref('driftline_int_bins') }} as c on c.monitor = k.monitor and c.column_role = 'row'
    join {{ ref('driftline_int_reference') }} as f on f.slice_no = k.slice_no and f.bin_no = c.bin_no
    join periods as t on t.case_no = k.case_no and t.side = 'q'
    left join series as s
        on s.slice_no = k.slice_no and s.bin_no = c.bin_no and s.period_index = t.period_index
    where k.explained_family = 'business' and k.baseline = 'reference'
    group by k.case_no
)

select s.*, w.windows as p_windows
from sums as s
left join baseline_windows as w on w.case_no = s.case_no and w.windows > 0
{%- else -%}{{ driftline._empty() }}{%- endif %}
