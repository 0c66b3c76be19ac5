{{ driftline.monitor(
    relation      = ref('prediction_log'),
    timestamp     = 'served_hour',
    period        = 'hour',
    reference     = {'start': '2025-09-01', 'end': '2025-09-02'},
    numeric       = ['item_price'],
    categorical   = ['country'],
    prediction    = 'score',
    model_version = 'model_version',
    lookback      = 2
) }}
