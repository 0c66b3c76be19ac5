{{ config(materialized='table') }}

-- Every period of every group, also those without rows: what the rolling windows run over.
select g.group_no, g.monitor, g.period, g.first_index + n.number as period_index, g.monitor_first_index as first_index
from {{ ref('driftline_groups') }} as g
join ({{ driftline._numbers(100000) }}) as n on n.number <= g.last_index - g.first_index
