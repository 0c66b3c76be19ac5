{{ config(materialized='view') }}

select monitor, column_name, column_role, column_kind, bin, bin_kind, bin_label, bin_lower, bin_upper, bin_group
from ({{ driftline._from_monitors('bin') }}) as bins
-- An empty range (ties between the quantiles) is kept in the state for its threshold only.
where not (bin_kind = 'range' and bin_lower is not null and bin_upper is not null and bin_lower >= bin_upper)
