{{ config(materialized='view') }}

-- What does not fit the contract, by hour.
select served_hour, problem, count(*) as records
from {{ ref('prediction_events') }}
where problem is not null
group by served_hour, problem
