{{ config(enabled='split' in var('driftline_monitors')) }}
{{ driftline.monitor(
    relation    = ref('prediction_log'),
    timestamp   = 'ts',
    reference   = var('bench_reference'),
    numeric     = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8', 'n9', 'n10', 'n11', 'n12', 'n13', 'n14'],
    categorical = ['c0', 'c1', 'c2', 'c3', 'c4'],
    prediction  = 'score',
    label       = 'label',
    task        = 'binary',
    segments    = ['parts_3', 'parts_5', 'parts_8'],
    lookback    = var('bench_lookback')
) }}
