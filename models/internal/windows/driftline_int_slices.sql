{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}
{%- set reference = 'min(case when in_reference then period_index end) as reference_first_index,'
    ~ ' max(case when in_reference then period_index end) as reference_last_index' %}

-- Who is looked at: each monitor × model version × segment value that has rows, and every total over versions.
with versions as (
    select monitor, source, model_version, segment, segment_value, min(period_index) as first_index, {{ reference }}
    from {{ ref('driftline_state') }}
    where column_role = 'row' and model_version <> 'all'
    group by monitor, source, model_version, segment, segment_value
    union all
    select monitor, source, 'all', segment, segment_value, min(period_index), {{ reference }}
    from {{ ref('driftline_state') }}
    where column_role = 'row'
    group by monitor, source, segment, segment_value
)

select
    cast(row_number() over (order by v.monitor, v.source, v.model_version, v.segment, v.segment_value)
        as {{ dbt.type_int() }}) as slice_no,
    v.monitor as monitor, m.period, m.as_of, m.computed_at, m.spec_hash, m.task,
    coalesce(m.decision_cut, m.decision_threshold) as decision_threshold, m.ranking_k, c.label_centre,
    m.has_label = 1 and m.has_prediction = 1 as is_scored,
    v.source, v.model_version, v.segment, v.segment_value,
    {{ driftline._is_detailed('v', 'm') }} as is_detailed,
    {{ driftline._is_shown('v', 'm') }} as is_shown,
    min(v.first_index) over (partition by v.monitor, v.source) as monitor_first_index,
    v.reference_first_index, v.reference_last_index
from versions as v
join {{ ref('driftline_int_monitors') }} as m on m.monitor = v.monitor
left join (
    select monitor, max(bin_lower) as label_centre
    from {{ ref('driftline_bins') }}
    where column_role = 'label' and bin_kind = 'centre'
    group by monitor
) as c on c.monitor = v.monitor
{%- else -%}{{ driftline._empty() }}{%- endif %}
