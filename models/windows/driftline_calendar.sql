{{ config(materialized='table') }}

-- Every period of every group, also those without rows: what the rolling windows run over.
select g.group_no, g.monitor, g.period, g.first_index + n.number as period_index, g.monitor_first_index as first_index
from {{ ref('driftline_groups') }} as g
-- As few numbers as the longest group needs: not every engine narrows them down before the join.
join (
    select number from ({{ driftline._numbers(100000) }}) as every_number
    where number <= (select max(last_index - first_index) from {{ ref('driftline_groups') }})
) as n on n.number <= g.last_index - g.first_index
