{# 日本語。テンプレートの意味と埋め方は docs/words.md。キーとプレースホルダーは英語（_en.sql）と同じ。 #}
{% macro _words_ja() %}
    {%- set words = {} -%}
    {%- do words.update(driftline._forms_ja()) -%}
    {%- do words.update(driftline._moves_ja()) -%}
    {%- do words.update(driftline._data_ja()) -%}
    {%- do words.update(driftline._relations_ja()) -%}
    {%- do words.update(driftline._runs_ja()) -%}
    {%- do words.update(driftline._causes_ja()) -%}
    {%- do words.update(driftline._incidents_ja()) -%}
    {%- do words.update(driftline._series_ja()) -%}
    {%- do words.update(driftline._gates_ja()) -%}
    {%- do words.update(driftline._metrics_ja()) -%}
    {{- return(words) -}}
{% endmacro %}


{# 数値と日時の書き方、文の枠。 #}
{% macro _forms_ja() %}
    {{- return({
        'percent': '{number}%', 'points': '{number}ポイント',
        'unit.of_letters': '{number} {unit}', 'unit.of_others': '{number}{unit}',
        'date': '{year}年{month}月{day}日', 'moment': '{year}年{month}月{day}日{time}', 'month': '{year}年{month}月',
        'duration.hour': '{count}時間', 'duration.day': '{count}日間', 'duration.week': '{count}週間',
        'duration.month': '{count}か月',
        'per.hour': '1時間あたり', 'per.day': '1日あたり', 'per.week': '1週間あたり', 'per.month': '1か月あたり',
        'per.window': '{duration}あたり',
        'sentence': '{when}{where}{what}{sure}{end}',
        'sure.just': {'open': '（偶然の範囲をわずかに超えています）', 'over': '（偶然の範囲をわずかに超えていました）'},
        'sure.clearly': {'open': '（偶然の範囲を明らかに超えています）', 'over': '（偶然の範囲を明らかに超えていました）'},
        'sure.far': {'open': '（偶然の範囲を大きく超えています）', 'over': '（偶然の範囲を大きく超えていました）'},
        'when.open': '{since}から{duration}、',
        'when.over': '{since}から{until}まで（{duration}）、',
        'when.one.hour': '{since}からの1時間、', 'when.one.day': '{since}に、',
        'when.one.week': '{since}からの1週間、', 'when.one.month': '{since}に、',
        'when.open.rows': '{since}から{duration}、',
        'when.over.rows': '{since}から{until}まで（{duration}）、',
        'where.segment': '{segment}「{value}」で、',
        'where.version': 'バージョン「{version}」で、',
        'where.both': '{segment}「{value}」・バージョン「{version}」で、',
        'end.no_data': '。{since}以降、新しいデータは届いていません', 'change.down': '（{share}減）',
        'change.up': '（{share}増）', 'change.times': '（{times}倍）',
        'usual': '（通常は{expected}）', 'usual.none': '（通常はありません）',
        'baseline.reference': '基準期間', 'baseline.previous': '直前の期間', 'baseline.trailing': 'これまでの期間',
        'baseline.seasonal': '過去の同じ時期',
    }) -}}
{% endmacro %}


{# 何が、いくつからいくつに動いたか。 #}
{% macro _moves_ja() %}
    {{- return({
        'moved.down': {
            'open': '{subject}が{expected}から{value}に下がっています{change}',
            'over': '{subject}が{expected}から{value}に下がっていました{change}',
        },
        'moved.up': {
            'open': '{subject}が{expected}から{value}に上がっています{change}',
            'over': '{subject}が{expected}から{value}に上がっていました{change}',
        },
        'moved.sum.down': {
            'open': '{per}の{subject}が{expected}から{value}に下がっています{change}',
            'over': '{per}の{subject}が{expected}から{value}に下がっていました{change}',
        },
        'moved.sum.up': {
            'open': '{per}の{subject}が{expected}から{value}に上がっています{change}',
            'over': '{per}の{subject}が{expected}から{value}に上がっていました{change}',
        },
        'moved.alone': {
            'open': '{subject}が通常の範囲を超えて{value}になっています',
            'over': '{subject}が通常の範囲を超えて{value}になっていました',
        },
        'estimated.down': {
            'open': '{subject}が{expected}から{value}に下がっていると推定されます（正解データはまだ届いていません）',
            'over': '{subject}が{expected}から{value}に下がっていたと推定されます（正解データはまだ届いていません）',
        },
        'estimated.up': {
            'open': '{subject}が{expected}から{value}に上がっていると推定されます（正解データはまだ届いていません）',
            'over': '{subject}が{expected}から{value}に上がっていたと推定されます（正解データはまだ届いていません）',
        },
        'estimated.alone': '{subject}が通常の範囲を超えて{value}になったと推定されます（正解データはまだ届いていません）',
        'estimate_error': '{subject}：正解データなしの推定が実際と{value}ずれていました',
        'drift.down': {
            'open': '{subject}の平均が{expected}から{value}に下がっています',
            'over': '{subject}の平均が{expected}から{value}に下がっていました',
        },
        'drift.up': {
            'open': '{subject}の平均が{expected}から{value}に上がっています',
            'over': '{subject}の平均が{expected}から{value}に上がっていました',
        },
        'drift.same': {
            'open': '{subject}の分布が{baseline}と異なっています（平均はほぼ同じで{value}）',
            'over': '{subject}の分布が{baseline}と異なっていました（平均はほぼ同じで{value}）',
        },
        'drift.plain': {
            'open': '{subject}の分布が{baseline}と異なっています',
            'over': '{subject}の分布が{baseline}と異なっていました',
        },
    }) -}}
{% endmacro %}


{# 欠損や異常な値、届いた行数。 #}
{% macro _data_ja() %}
    {{- return({
        'null_rate': {
            'open': '{subject}の{value}が欠損しています{usual}', 'over': '{subject}の{value}が欠損していました{usual}',
        },
        'nan_rate': {
            'open': '{subject}の{value}が数値ではありません（NaN）{usual}',
            'over': '{subject}の{value}が数値ではありませんでした（NaN）{usual}',
        },
        'infinite_rate': {
            'open': '{subject}の{value}が無限大になっています{usual}',
            'over': '{subject}の{value}が無限大になっていました{usual}',
        },
        'unseen_rate': {
            'open': '{subject}の{value}が基準期間にない値です{usual}',
            'over': '{subject}の{value}が基準期間にない値でした{usual}',
        },
        'out_of_range_rate': {
            'open': '{subject}の{value}が基準期間の値の範囲を外れています{usual}',
            'over': '{subject}の{value}が基準期間の値の範囲を外れていました{usual}',
        },
        'rows.down': {
            'open': 'データが{per}{value}行しか届いていません（通常は{expected}行）{change}',
            'over': 'データが{per}{value}行しか届きませんでした（通常は{expected}行）{change}',
        },
        'rows.up': {
            'open': 'データが{per}{value}行届いています（通常は{expected}行）{change}',
            'over': 'データが{per}{value}行届きました（通常は{expected}行）{change}',
        },
        'rows.none': {'open': 'データが届いていません', 'over': 'データが届いていませんでした'},
        'split': {
            'open': '全体の{value}がバージョン「{version}」に割り当てられています（本来は{expected}）',
            'over': '全体の{value}がバージョン「{version}」に割り当てられていました（本来は{expected}）',
        },
        'version.worse': {
            'open': 'バージョン「{version}」の{subject}は、比較対象のバージョンより{value}悪くなっています',
            'over': 'バージョン「{version}」の{subject}は、比較対象のバージョンより{value}悪くなっていました',
        },
    }) -}}
{% endmacro %}


{# グループの間、入力と結果の間、水準の変化。 #}
{% macro _relations_ja() %}
    {{- return({
        'trend': {
            'open': '{since}頃から{subject}の水準が変わったままです：{expected}から{value}へ{change}',
            'over': '{since}頃から{until}まで、{subject}の水準が変わっていました：{expected}から{value}へ{change}',
        },
        'trend.alone': {
            'open': '{since}頃から{subject}の水準が変わったままです：現在は{value}',
            'over': '{since}頃から{until}まで、{subject}の水準が変わっていました：{value}',
        },
        'fairness.difference': {
            'open': '{subject}に{segment}のグループ間で{value}の差があります（基準期間は{expected}）',
            'over': '{subject}に{segment}のグループ間で{value}の差がありました（基準期間は{expected}）',
        },
        'fairness.parity': {
            'open': '{subject}に{segment}のグループ間で{value}の差があります',
            'over': '{subject}に{segment}のグループ間で{value}の差がありました',
        },
        'fairness.ratio': {
            'open': '{subject}は、{segment}の最も低いグループが最も高いグループの{value}です（基準期間は{expected}）',
            'over': '{subject}は、{segment}の最も低いグループが最も高いグループの{value}でした（基準期間は{expected}）',
        },
        'concept.label.down': {
            'open': '{subject}の意味が変わっています：同じ値でも、{outcome}が{expected}から{value}に下がっています',
            'over': '{subject}の意味が変わっていました：同じ値でも、{outcome}が{expected}から{value}に下がっていました',
        },
        'concept.label.up': {
            'open': '{subject}の意味が変わっています：同じ値でも、{outcome}が{expected}から{value}に上がっています',
            'over': '{subject}の意味が変わっていました：同じ値でも、{outcome}が{expected}から{value}に上がっていました',
        },
        'concept.loss': {
            'open': '{subject}の意味が変わっています：同じ値でも、モデルの誤差が{expected}から{value}に増えています',
            'over': '{subject}の意味が変わっていました：同じ値でも、モデルの誤差が{expected}から{value}に増えていました',
        },
        'concept.other': {
            'open': '{subject}の意味が変わっています：同じ値でも、{outcome}が以前と異なっています',
            'over': '{subject}の意味が変わっていました：同じ値でも、{outcome}が以前と異なっていました',
        },
        'outcome.share': '{column}の割合', 'outcome.mean': '{column}の平均', 'outcome.any': '結果の水準',
        'other': {
            'open': '{subject}が{value}になっています（通常は{expected}）',
            'over': '{subject}が{value}になっていました（通常は{expected}）',
        },
        'other.alone': {
            'open': '{subject}が通常の範囲を超えて{value}になっています',
            'over': '{subject}が通常の範囲を超えて{value}になっていました',
        },
    }) -}}
{% endmacro %}


{# アラートの主な要因。 #}
{% macro _causes_ja() %}
    {{- return({
        'cause.relation': '変化の約{share}は、同じ入力に対する結果そのものが変わったことによるものです',
        'cause.inputs': '変化の約{share}は{column}の分布の変化で説明できます',
        'cause.column': '入力の中では{column}が最も大きく変わっています',
        'cause.segment': '変化の{share}は{segment}「{value}」によるものです（行数では全体の{rows}）',
        'cause.version': '変化の{share}はバージョン「{value}」によるものです（行数では全体の{rows}）',
        'cause.new_version': '同じ時期にバージョン「{value}」が加わり、全体の{rows}を占めています',
        'cause.gone_version': '同じ時期に、全体の{expected_rows}を占めていたバージョン「{value}」がなくなりました',
        'cause.bin.relation': '最も大きく変わったのは{column}の{value}で、{before}から{now}になりました',
        'cause.told': '次のインシデントと同じです：{headline}',
        'cause.bin': '{column}では{value}が最も大きく変わり、全体の{expected_rows}から{rows}になりました',
        'bin.null': '欠損値', 'bin.nan': '数値でない値', 'bin.infinite': '無限大の値',
        'bin.beyond_top': 'その他の既知の値', 'bin.unseen': '基準期間にない値',
        'bin.category': '「{value}」', 'bin.one': '値{upper}', 'bin.up_to': '{upper}以下の値',
        'bin.over': '{lower}を超える値', 'bin.range': '{lower}を超え{upper}以下の値', 'bin.any': 'すべての数値',
    }) -}}
{% endmacro %}


{# インシデントの見出しに続く文と、列挙。 #}
{% macro _incidents_ja() %}
    {{- return({
        'incident.also': '。ほかに{count}件が同時に変化しています',
        'incident.common.open':
            '{since}から、{monitor}の{total}列のうち{count}列の分布が基準期間と異なっています',
        'incident.common.over':
            '{since}から{until}まで、{monitor}の{total}列のうち{count}列の分布が基準期間と異なっていました',
        'incident.monitors': '。{count}件のモニターが影響を受けています', 'incident.fed':
            '。{upstream}を使う{count}件のモニターが影響を受けています',
        'incident.beyond': '。なかでも{columns}の変化が目立ちます',
        'incident.first': '。例えば、{what}', 'incident.most': '。なかでも、{what}',
        'incident.cause': '。{cause}', 'moved.rows': '行数', 'list.comma': '、', 'list.more': '、ほか{count}件',
    }) -}}
{% endmacro %}
