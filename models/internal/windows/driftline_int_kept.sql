{{ config(materialized=driftline._private_table(reads_itself=true)) }}
{%- if driftline._is_needed() -%}
{%- set ns = namespace(is_whole=true) -%}
{%- for name in driftline._kept_results() + driftline._kept_noise() + ['driftline_int_scopes'] -%}
    {%- set relation = ref(name) -%}
    {%- if execute and 'model.driftline.' ~ name not in (selected_resources | default([])) -%}
        {%- set ns.is_whole = false -%}
    {%- endif -%}
{%- endfor %}

-- What the results that keep their windows hold of each monitor: as of which state, under which rules, up to which
-- window, and with which calendar (a row for each of its events). Built when all of them are: a run of some alone
-- leaves it as it is, and what it says is done again.
{%- if ns.is_whole %}
select
    o.monitor as monitor, o.rules_hash, o.run_id, o.computed_at,
    coalesce(
        -- The first window that had not ended is computed again.
        {{ driftline._moved('second', -1, 'min(case when not w.is_complete then w.window_end end)') }},
        max(w.window_end), {{ driftline._as_timestamp("'0001-01-01'") }}
    ) as kept_until,
    e.starts_at as event_starts_at, e.event_key
from (
    -- As of the state that the slices were taken from: what is read while a run goes on is the next one's.
    select c.monitor, c.rules_hash, c.run_id, max(g.computed_at) as computed_at
    from {{ ref('driftline_int_scopes') }} as c
    join {{ ref('driftline_int_slices') }} as g on g.slice_no = c.slice_no
    group by c.monitor, c.rules_hash, c.run_id
) as o
left join {{ ref('driftline_int_windows') }} as w on w.monitor = o.monitor and w.source = 'relation'
left join ({{ driftline._events_of_monitors() }}) as e on e.monitor = o.monitor
group by o.monitor, o.rules_hash, o.run_id, o.computed_at, e.starts_at, e.event_key
{%- elif driftline._has_earlier_rows() %}
select monitor, rules_hash, run_id, computed_at, kept_until, event_starts_at, event_key from {{ this }}
{%- else %}
{{ driftline._empty() }}
{%- endif %}
{%- else -%}{{ driftline._empty() }}{%- endif %}
