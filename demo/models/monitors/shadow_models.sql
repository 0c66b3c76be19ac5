{{ driftline.monitor(
    relation         = ref('shadow_log'),
    timestamp        = 'served_at',
    period           = 'month',
    reference        = {'start': '2010-09-01', 'end': '2010-11-01'},
    business_metrics = {
        'conversion_v1': {'numerator': 'bought_v1', 'denominator': 'recommended'},
        'conversion_v2': {'numerator': 'bought_v2', 'denominator': 'recommended_v2'},
        'conversion_popular': {'numerator': 'bought_popular', 'denominator': 'recommended'},
        'uplift_of_v2': {'numerator': 'bought_more_by_v2', 'denominator': 'recommended_v2'},
        'revenue_per_recommendation_v1': {'numerator': 'revenue_v1', 'denominator': 'recommended'},
        'revenue_per_recommendation_v2': {'numerator': 'revenue_v2', 'denominator': 'recommended_v2'},
    },
    owner            = 'recommendations team'
) }}
