{{ config(materialized='view') }}

select * from ({{ driftline._from_monitors('count') }}) as counts
