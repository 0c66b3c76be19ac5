{{ config(materialized='table') }}

-- Who is looked at: each monitor × model version × segment value that has rows, and every total over versions.
with versions as (
    select monitor, source, model_version, segment, segment_value, min(period_index) as first_index, max(period_index) as last_index
    from {{ ref('driftline_state') }}
    where column_role = 'row' and model_version <> 'all'
    group by monitor, source, model_version, segment, segment_value
    union all
    select monitor, source, 'all', segment, segment_value, min(period_index), max(period_index)
    from {{ ref('driftline_state') }}
    where column_role = 'row'
    group by monitor, source, segment, segment_value
),

spans as (
    select monitor, source, min(first_index) as first_index, max(last_index) as last_index
    from versions
    group by monitor, source
)

select
    cast(row_number() over (order by v.monitor, v.source, v.model_version, v.segment, v.segment_value) as {{ dbt.type_int() }}) as group_no,
    v.monitor, m.period, m.as_of, m.computed_at, m.spec_hash, v.source, v.model_version, v.segment, v.segment_value,
    v.first_index,
    -- A period without any row is a window like any other; but a version that was retired has no windows after its end.
    case when v.model_version = 'all' and v.segment = 'all' then s.last_index else v.last_index end as last_index,
    s.first_index as monitor_first_index
from versions as v
join spans as s on s.monitor = v.monitor and s.source = v.source
join {{ ref('driftline_monitors') }} as m on m.monitor = v.monitor
