{{ config(materialized=driftline._step_materialization('drift')) }}
{%- if driftline._is_needed(['drift']) -%}
{%- set rules = driftline._rules_hash() -%}
{%- set name = 'driftline_drift' %}

-- From which period on each group's windows are computed in this run: those that hold a period which was read since the
-- result was last built (decision 5), and where its reference lies, whose windows are computed every time.
with changes as (
    {{ driftline._changed_from(driftline._can_keep_rows(name), rules, name) }}
)

select
    g.slice_no, g.monitor, g.source, g.period, g.spec_hash, c.rules_hash, c.changed_from,
    case
        {%- for window in driftline._windows() %}
        when g.period = '{{ window.period }}' then {{ driftline._period_index('c.changed_from', window.period) }}
        {%- endfor %}
    end as changed_from_index,
    case
        {%- for window in driftline._windows() %}
        when g.period = '{{ window.period }}' then {{ driftline._reach(window) }}
        {%- endfor %}
    end as reach,
    f.first_index as reference_first_index, f.last_index as reference_last_index
from {{ ref('driftline_int_slices') }} as g
join changes as c on c.monitor = g.monitor
left join (
    select slice_no, min(period_index) as first_index, max(period_index) as last_index
    from {{ ref('driftline_int_series') }}
    where reference_n > 0
    group by slice_no
) as f on f.slice_no = g.slice_no
{%- else -%}{{ driftline._empty() }}{%- endif %}
