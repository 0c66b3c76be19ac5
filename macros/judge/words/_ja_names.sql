{# 列の指標、クラスごとの指標。 #}
{% macro _series_ja() %}
    {{- return({
        'series.null_rate': '{column}の欠損率', 'series.nan_rate': '{column}の非数（NaN）の割合',
        'series.infinite_rate': '{column}の無限大の割合', 'series.unseen_rate': '{column}の未知の値の割合',
        'series.out_of_range_rate': '{column}の範囲外の値の割合',
        'series.mean': '{column}の平均', 'series.stddev': '{column}のばらつき',
        'series.minimum': '{column}の最小値', 'series.maximum': '{column}の最大値',
        'series.psi': '{column}の基準期間との隔たり（PSI）',
        'series.other': '{column}の{metric}', 'series.class': 'クラス「{column}」の{metric}',
        'fairness.demographic_parity': '選ばれる割合', 'fairness.equal_opportunity': '正例が見つけられる割合',
        'fairness.predictive_parity': '選ばれたうちの正解の割合', 'fairness.equalized_odds': '同じ結果での選ばれる割合',
        'fairness.other': '{metric}',
    }) -}}
{% endmacro %}


{# 性能指標（macros/catalogue）。ここにないものは、そこの名前で呼ぶ。 #}
{% macro _metrics_ja() %}
    {{- return({
        'metric.accuracy': '正解率', 'metric.precision': '適合率', 'metric.recall': '再現率', 'metric.f1': 'F1値',
        'metric.specificity': '特異度', 'metric.negative_predictive_value': '陰性的中率',
        'metric.roc_auc': 'モデルの順位づけの精度（AUC）',
        'metric.average_precision': 'モデルの順位づけの精度（平均適合率）',
        'metric.ks': 'モデルの識別力（KS）', 'metric.gini': 'モデルの順位づけの精度（ジニ係数）',
        'metric.log_loss': '予測確率の誤差（対数損失）', 'metric.brier': '予測確率の誤差（ブライアスコア）',
        'metric.expected_calibration_error': '予測確率と実績のずれ（較正誤差）',
        'metric.lift_top_10': '上位10%のリフト', 'metric.capture_top_10': '上位10%に含まれる正例の割合',
        'metric.label_rate': '正例の割合', 'metric.selection_rate': '選ばれる割合',
        'metric.true_positive_share': '正しく選ばれた行の割合',
        'metric.false_positive_share': '誤って選ばれた行の割合',
        'metric.false_negative_share': '誤って選ばれなかった行の割合',
        'metric.true_negative_share': '正しく選ばれなかった行の割合',
        'metric.true_positive_rate': '正例のうち選ばれる割合', 'metric.false_positive_rate': '負例のうち選ばれる割合',
        'metric.macro_roc_auc': 'モデルの順位づけの精度（AUC、クラス平均）',
        'metric.macro_f1': 'F1値（クラス平均）', 'metric.macro_precision': '適合率（クラス平均）',
        'metric.macro_recall': '再現率（クラス平均）',
        'metric.ndcg': 'リストの並び順の良さ（NDCG）', 'metric.mrr': '最初のヒットの順位の高さ（MRR）',
        'metric.hit_rate': 'ヒットを含むリストの割合',
        'metric.mae': '平均絶対誤差', 'metric.rmse': '二乗平均平方根誤差', 'metric.r2': 'モデルの決定係数（R²）',
        'metric.bias': '予測の偏り（予測が多すぎる分）', 'metric.mape': '平均絶対パーセント誤差',
        'metric.msle': '平均二乗対数誤差', 'metric.rmsle': '二乗平均平方根対数誤差',
    }) -}}
{% endmacro %}


{# ゲートが見つけたこと。 #}
{% macro _gates_ja() %}
    {{- return({
        'gate.drift': '{what} は {window} からの期間で {value} で、{limit} 未満ではありません',
        'gate.low': '{what} は {window} からの期間で {value} で、{limit} を下回っています',
        'gate.high': '{what} は {window} からの期間で {value} で、{limit} を上回っています',
        'gate.business': '{what} は {window} からの期間で {expected} ではなく {value} で、変化が {limit} を超えています',
        'gate.silent': '{what} が {window} からの期間まで {value} 期間届いていません（許容は {limit}）',
        'gate.unknown': '{what} は {window} からの期間では分かりません: {reason}',
        'gate.nothing': '{monitor}: このテストが見るものがありません',
    }) -}}
{% endmacro %}


{# モニター自体に起きたこと。 #}
{% macro _runs_ja() %}
    {{- return({
        'runs': 'モニター「{monitor}」の{what}',
        'runs.failed': {
            'one': '直近の実行が失敗またはスキップされました（{first} UTC）。{known}',
            'other': '直近{count}回の実行が失敗またはスキップされました（最初は{first} UTC）。{known}',
        },
        'runs.unread': 'データはまだ一度も読み込まれていません',
        'runs.read': 'データの最後の読み込みは{last} UTCです',
        'runs.worked': {
            'one': '実行は復旧しました。1回の実行が失敗またはスキップされていました（{first} UTC）',
            'other': '実行は復旧しました。{count}回の実行が失敗またはスキップされていました（{first}～{last} UTC）',
        },
    }) -}}
{% endmacro %}
