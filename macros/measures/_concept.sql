{#
    A sum over weights as a mean, fit to be squared twice: NULL beyond ±1e60, 0 within ±1e-70.

    numerator, weight  SQL, repeated; NULL where the weight is 0
    power              1 for a mean, 2 for a mean of squares
#}
{% macro _bounded_mean(numerator, weight, power=1) %}
    {%- set most = '1e60' if power == 1 else '1e120' -%}
    {%- set least = '1e-70' if power == 1 else '1e-140' -%}
    {{- return(
        'case when ' ~ weight ~ ' > 0 then case'
        ~ ' when abs(' ~ numerator ~ ') < ' ~ least ~ ' * ' ~ weight ~ ' then 0e0'
        ~ ' when abs(' ~ numerator ~ ') <= ' ~ most ~ ' * ' ~ weight ~ ' then (' ~ numerator ~ ') / ' ~ weight
        ~ ' end end'
    ) -}}
{% endmacro %}


{#
    What rounding may leave of a sum over `rows` numbers, as a part of the sum: of numbers that are all alike up to half
    a unit in the last place for each.
#}
{% macro _rounding(rows) %}
    {{- return('(1e-13 + 1e-16 * ' ~ rows ~ ')') -}}
{% endmacro %}


{#
    A mean of squares less the square of the mean. What rounding leaves of it is none: where all values are alike, a
    ratio with it would be as good as random.

    squares      SQL of the mean of squares, repeated
    mean_square  SQL of the square of the mean, repeated
    rows         SQL of the number of rows
    slack        SQL of what else rounding may add to the square, beside a part of the squares

    Squares so small that products of theirs underflow, an error on Postgres, are none.
#}
{% macro _variance(squares, mean_square, rows, slack='0e0') %}
    {%- set variance = '((' ~ squares ~ ') - ' ~ mean_square ~ ')' -%}
    {{- return(
        '(case when abs(' ~ squares ~ ') <= 1e-200 then 0e0'
        ~ ' when ' ~ variance ~ ' > ((' ~ squares ~ ') + ' ~ slack ~ ') * '
        ~ driftline._rounding(rows) ~ ' then ' ~ variance
        ~ ' when ' ~ variance ~ ' is not null then 0e0 end)'
    ) -}}
{% endmacro %}


{# A number by its first nine digits, to rank by: what differs by rounding alone is the same,
    and then something else decides. #}
{% macro _by_nine_digits(x) %}
    {{- return('floor(sign(' ~ x ~ ') * ln(1e0 + abs(' ~ x ~ ') * 1e9) * 1e9 + 0.5e0)') -}}
{% endmacro %}


{#
    What is looked at in a bin: its sum, the sum of its squares around `centre`, how large what it was summed from is on
    average, what it tells of the relation, and whom it is defined for; @ stands for the side.
#}
{% macro _concept_targets() %}
    {%- set size_of_y = 'case when abs(@y) > 1e-70 * @l then abs(@y) / @l else 0e0 end'
        ~ ' + case when abs(@y2) > 1e-140 * @l then sqrt(abs(@y2) / @l) else 0e0 end' -%}
    {{- return({
        'label': {
            'applies': 'e.has_label_mean = 1',
            'sum': '@y', 'squares': '@y2', 'centre': 'centre',
            'size': '(' ~ size_of_y ~ ')',
            'information': 'case when is_binary = 1 then label_variance else 0.25e0 end',
        },
        'calibration': {
            'applies': 'e.has_label_mean = 1 and e.has_prediction = 1',
            'sum': '(@lp - @y)', 'squares': 'case when is_binary = 1 then @e else @e2 end', 'centre': '0e0',
            'size': '(case when abs(@lp) > 1e-70 * @l then abs(@lp) / @l else 0e0 end + ' ~ size_of_y ~ ')',
            'information': 'case when is_binary = 1 then calibration_variance else 0.25e0 end',
        },
        'loss': {
            'applies': 'e.has_prediction = 1',
            'sum': '@e', 'squares': '@e2', 'centre': '0e0',
            'size': 'case when abs(@e) > 1e-70 * @l then abs(@e) / @l else 0e0 end',
            'information': 'case when is_binary = 1 then calibration_variance'
                ~ ' when has_label_mean = 1 then 0.25e0 else loss_variance end',
        },
    }) -}}
{% endmacro %}


{# A sum is as good as normal from here on: 5 in the variance of a number of positives, or 20 rows (docs/measures.md).
    The little less is for rounding. #}
{% macro _concept_enough() %}
    {{- return('4.999999999e0') -}}
{% endmacro %}
