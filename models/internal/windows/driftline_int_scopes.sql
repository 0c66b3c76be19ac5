{{ config(materialized=driftline._private_table(reads_itself=true)) }}
{%- if driftline._is_needed() -%}

-- From which period on each slice's windows are computed in this run: those that hold a period which was read since the
-- results were last built (decision 26), how far they look back, and where the slice's reference lies.
with changes as (
    {{ driftline._changed_from() }}
)

select
    g.slice_no, g.monitor, g.source, g.period, g.spec_hash, c.rules, c.rules_hash, c.changed_from,
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
    g.is_shown, g.reference_first_index, g.reference_last_index, {{ driftline._text(invocation_id) }} as run_id,
    -- Only then is the reference another, and with it what its own windows tell of noise.
    c.changed_from < {{ driftline._as_timestamp("'0001-01-02'") }} as is_anew
from {{ ref('driftline_int_slices') }} as g
join changes as c on c.monitor = g.monitor
{%- else -%}{{ driftline._empty() }}{%- endif %}
