{{ config(materialized='view') }}

select * from {{ var('bench_log') }}
