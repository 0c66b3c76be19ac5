-- What the shop logged, one row per recommended item.
select
    prediction_id,
    request_id,
    ts as served_at,
    customer_id,
    policy,
    model_version,
    position,
    item_id,
    score,
    country,
    segment_market,
    segment_tier,
    cf_affinity,
    own_purchases,
    days_since_own,
    item_pop_28d,
    item_price,
    cust_orders,
    cust_recency_days,
    cust_distinct_items,
    label,
    revenue,
    -- A measure per request hangs on one of its rows, the first, so that sums over rows are sums over requests.
    case when position = 1 then 1 else 0 end as is_request,
    case when position = 1 then max(label) over (partition by request_id) else 0 end as request_hit
from {{ shop_file('reco_log') }}
