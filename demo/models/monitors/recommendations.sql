{{ driftline.monitor(
    relation         = ref('recommendation_log'),
    timestamp        = 'served_at',
    period           = 'week',
    reference        = {'start': '2010-09-01', 'end': '2010-11-01'},
    numeric          = [
        'cf_affinity', 'own_purchases', 'days_since_own', 'item_pop_28d', 'item_price', 'cust_orders',
        'cust_recency_days', 'cust_distinct_items',
    ],
    categorical      = ['country', 'segment_tier'],
    prediction       = 'score',
    label            = 'label',
    task             = 'binary',
    ranking          = {'request': 'request_id', 'position': 'position', 'k': 5},
    model_version    = 'model_version',
    segments         = ['segment_market', 'segment_tier'],
    detail           = 'versions',
    business_metrics = {
        'conversion': {'numerator': 'label', 'denominator': '1'},
        'request_hit_rate': {'numerator': 'request_hit', 'denominator': 'is_request'},
        'revenue_per_recommendation': {'numerator': 'revenue', 'denominator': '1'},
        'revenue': {'sum': 'revenue'},
        'requests': {'sum': 'is_request'},
    },
    owner            = 'recommendations team',
    labels           = {
        'cf_affinity': 'affinity to earlier purchases', 'own_purchases': 'number of own purchases of the item',
        'days_since_own': 'time since the item was last bought', 'item_pop_28d': 'popularity of the item',
        'cust_orders': 'number of earlier orders', 'cust_recency_days': 'time since the last order',
        'cust_distinct_items': 'number of different items bought', 'segment_market': 'market',
        'segment_tier': 'customer tier', 'request_hit_rate': 'requests with a hit',
        'label': 'purchases',
    },
    units            = {
        'item_price': '£', 'revenue': '£', 'revenue_per_recommendation': '£', 'days_since_own': 'days',
        'cust_recency_days': 'days',
    }
) }}
