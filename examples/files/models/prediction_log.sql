{{ config(materialized='view') }}

-- One row for each prediction: of copies the one that arrived first. They lie in one hour, having one event_time;
-- so the hour is a part of what they are partitioned by, and a filter on it reaches the folders.
select * exclude (problem, record)
from {{ ref('prediction_events') }}
where problem is null
qualify row_number() over (partition by served_hour, event_id order by received_at nulls last, record::varchar) = 1
