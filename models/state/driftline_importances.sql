{{ config(materialized='view') }}

select monitor, substring(column_name, 12) as column_name, {{ driftline._as_double('bin_label') }} as importance
from ({{ driftline._from_monitors('setting') }}) as settings
where column_name like 'importance:%'
