{{ driftline.monitor(
    relation      = source('retrain', 'shadow_scores'),
    timestamp     = 'served_at',
    period        = 'week',
    reference     = {'start': '2011-05-02', 'end': '2011-05-30'},
    prediction    = 'score',
    label         = 'label',
    task          = 'binary',
    model_version = 'model_version',
    owner         = 'recommendations team'
) }}
