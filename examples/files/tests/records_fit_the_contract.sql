{{ config(severity='warn') }}
{%- set now = var('driftline_now', run_started_at.strftime('%Y-%m-%d %H:%M:%S')) %}

-- The hours that the monitor reads again in a run: no older folder is opened for it.
select *
from {{ ref('rejected_records') }}
where served_hour >= date_trunc('hour', timestamp '{{ now }}') - interval 3 hour
