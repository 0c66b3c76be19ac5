-- One row per request, the answers of all three models side by side. A model that was not there yet is NULL.
with requests as (
    select
        request_id,
        ts as served_at,
        max(case when model_version = 'popular_28d' then bought end) as bought_popular,
        max(case when model_version = 'reco_v1' then bought end) as bought_v1,
        max(case when model_version = 'reco_v2' then bought end) as bought_v2,
        max(case when model_version = 'reco_v2' then recommendations end) as recommended_v2,
        max(case when model_version = 'reco_v1' then revenue end) as revenue_v1,
        max(case when model_version = 'reco_v2' then revenue end) as revenue_v2,
        max(recommendations) as recommended
    from {{ shop_file('shadow_log') }}
    group by request_id, ts
)

select
    requests.*,
    bought_v2 - bought_v1 as bought_more_by_v2
from requests
