{{ config(materialized='view') }}

-- What each monitor declares, and how it fares.
select * from {{ ref('driftline_int_monitors') }}
