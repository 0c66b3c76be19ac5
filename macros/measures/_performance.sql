{#
    What driftline_int_realized computes of a metric (an entry of _metrics), as SQL over the row `w` of its `wide`:

    value         the metric
    variance      of its sampling; a metric without one has none that the sums can give
    lower, upper  bounds where it comes from bins
    n             the effective rows it is an average over
    chance        its variance in n rows where nothing changed, if that is another than `variance`
    bias          what chance adds to its value in n rows
    count         the rows of its denominator
    reason        why it is NULL
#}
{% macro _metric_sql(metric) %}
    {%- set sql = {'n': 'w.effective_n'} -%}
    {%- if metric.top is defined -%}{%- do sql.update(driftline._ratio_sql(metric)) -%}{%- endif -%}
    {%- if metric.chance is mapping -%}{%- do sql.update(metric.chance) -%}{%- endif -%}
    {%- for part in ['value', 'lower', 'upper'] if part in metric -%}
        {%- do sql.update({part: metric[part]}) -%}
    {%- endfor -%}
    {%- if metric.unless is defined -%}
        {%- for part in ['value', 'variance'] if part in sql -%}
            {%- do sql.update({part: 'case when ' ~ metric.unless[0] ~ ' then null else ' ~ sql[part] ~ ' end'}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set reason -%}
    case
        when coalesce(w.rows_n, 0) = 0 then 'no rows in the window'
        {%- if metric.rows != 'predicted_positive' %}
        when coalesce(w.known_n, 0) = 0 then 'no labels yet'
        {%- endif %}
        {%- if metric.unless is defined %}
        when {{ metric.unless[0] }} then {{ driftline._literal(metric.unless[1]) }}
        {%- endif %}
        {%- if metric.task != 'ranking' and metric.rows != 'predicted_positive' %}
        when coalesce(w.labelled_n, 0) = 0 then 'no row with both label and prediction'
        {%- endif %}
        else {{ driftline._literal(metric.get('empty', 'nothing to compute it from')) }}
    end
    {%- endset -%}
    {%- do sql.update({'reason': reason}) -%}
    {{- return(sql) -}}
{% endmacro %}


{#
    The same of a metric that is a ratio of sums. A row weighs `each`, the mean weight of the weight.

    Shares are binomial, what counts outcomes differently goes by the delta method over their multinomial counts, and a
    mean (or the root of one, to the first order) has the variance of its squares.
#}
{% macro _ratio_sql(metric) %}
    {%- set w = 'nullif(w.' ~ metric.base ~ '_w, 0e0)' -%}
    {%- set each = '(w.' ~ metric.base ~ '_w2 / ' ~ w ~ ')' -%}
    {%- set rows_per_weight = '(w.' ~ metric.base ~ '_n / ' ~ w ~ ')' -%}
    {%- set top = driftline._sum_of_terms(metric.top, '_' ~ metric.sums) -%}
    {%- set bottom = driftline._sum_of_terms(metric.bottom) if metric.bottom is defined
        else 'w.' ~ metric.base ~ '_w' -%}
    {%- set ratio = '(' ~ top ~ ' / nullif(' ~ bottom ~ ', 0e0))' -%}
    {%- set sql = {'value': 'sqrt' ~ ratio if metric.root else ratio} -%}
    {%- if metric.chance == 'share' -%}
        {%- do sql.update({
            'variance': ratio ~ ' * (1e0 - ' ~ ratio ~ ') / nullif(' ~ bottom ~ ', 0e0) * ' ~ each,
            'n': bottom ~ ' / nullif(' ~ each ~ ', 0e0)', 'count': bottom ~ ' * ' ~ rows_per_weight,
        }) -%}
    {%- elif metric.chance == 'outcomes' -%}
        {%- set outcomes = {} -%}
        {%- set squares = [] -%}
        {%- for outcome in (metric.top.keys() | list + metric.bottom.keys() | list) | unique -%}
            {%- do outcomes.update({outcome: 1}) -%}
            {%- set off = metric.top.get(outcome, 0) ~ 'e0 - ' ~ metric.bottom.get(outcome, 0) ~ 'e0 * ' ~ ratio -%}
            {%- do squares.append(
                'w.' ~ outcome ~ '_v / nullif(' ~ bottom ~ ', 0e0) * ' ~ driftline._squared('(' ~ off ~ ')')
            ) -%}
        {%- endfor -%}
        {%- set rows = driftline._sum_of_terms(outcomes) -%}
        {%- do sql.update({
            'variance': '(' ~ squares | join(' + ') ~ ') / nullif(' ~ bottom ~ ', 0e0) * ' ~ each,
            'n': rows ~ ' / nullif(' ~ each ~ ', 0e0)', 'count': rows ~ ' * ' ~ rows_per_weight,
        }) -%}
    {%- elif metric.chance == 'mean' -%}
        {%- set variance -%}
        {{ driftline._variance(
            driftline._sum_of_terms(metric.top, '_d2') ~ ' / ' ~ w, driftline._squared(ratio), 'w.' ~ metric.base ~ '_n'
        ) }} * w.{{ metric.base }}_w2 / ({{ w }} * {{ w }})
        {%- endset -%}
        {%- do sql.update({
            'variance': '(' ~ variance ~ ') / nullif(4e0 * ' ~ ratio ~ ', 0e0)' if metric.root else variance,
            'n': w ~ ' * ' ~ w ~ ' / nullif(w.' ~ metric.base ~ '_w2, 0e0)',
        }) -%}
    {%- endif -%}
    {{- return(sql) -}}
{% endmacro %}


{#
    The binary metrics that can be estimated without labels, over the bins of driftline_int_estimated: {name: {value,
    slope}}, slope the change of the metric with the calibrated share of one bin.

    A ratio T/B of expected outcomes changes by (dT - T/B dB)/B. Of a bin's rows w, those decided positive are true
    positives with the share and false ones without it; the others false and true negatives.
#}
{% macro _estimated_metrics() %}
    {%- set estimated = {} -%}
    {%- for metric in driftline._metrics() if metric.task == 'binary' and metric.estimate is defined -%}
        {%- if metric.estimate == 'counts' -%}
            {%- set top = driftline._expected_outcomes(metric.top) -%}
            {%- set bottom = driftline._expected_outcomes(metric.get('bottom', {
                'true_positive': 1, 'false_positive': 1, 'false_negative': 1, 'true_negative': 1,
            })) -%}
            {%- set value = top.sum ~ ' / nullif(' ~ bottom.sum ~ ', 0e0)' -%}
            {%- do estimated.update({metric.name: {
                'value': value,
                'slope': 'w * (' ~ top.slope ~ ' - ' ~ value ~ ' * ' ~ bottom.slope
                    ~ ') / nullif(' ~ bottom.sum ~ ', 0e0)',
            }}) -%}
        {%- else -%}
            {%- do estimated.update({metric.name: metric.estimate}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(estimated) -}}
{% endmacro %}


{# Of {measure: how often its sum counts}: the sum of the expected outcomes, and its slope per row of a bin. #}
{% macro _expected_outcomes(terms) %}
    {%- set made_of = {
        'label': ['true_positive', 'false_negative'], 'predicted_positive': ['true_positive', 'false_positive'],
    } -%}
    {%- set times = {'true_positive': 0, 'false_positive': 0, 'false_negative': 0, 'true_negative': 0} -%}
    {%- for measure, count in terms.items() -%}
        {%- for outcome in made_of.get(measure, [measure]) -%}
            {%- do times.update({outcome: times[outcome] + count}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return({
        'sum': driftline._sum_of_terms(times, '', ''),
        'slope': '(case when is_positive then ' ~ (times.true_positive - times.false_positive) ~ 'e0 else '
            ~ (times.false_negative - times.true_negative) ~ 'e0 end)',
    }) -}}
{% endmacro %}


{#
    The bins of some roles by side: those of every window, of the whole reference (window_periods 0), and of the
    reference without the window's rows where it shares some. slice_no, window_periods, period_index, side, the cell,
    w, labelled, positives, score_sum.
#}
{% macro _score_sides(roles) %}
    {%- set cell = 'c.column_no, c.column_name, c.column_role, c.bin, c.bin_group, c.bin_lower, c.bin_upper, '
        ~ 'c.bin_kind, c.bin_label' -%}
    {%- set these -%}
    c.column_role in ({% for role in roles %}{{ driftline._literal(role) }}{{ ', ' if not loop.last }}{% endfor %})
        and c.column_kind <> 'measure' and c.bin_kind <> 'moments'
    {%- endset %}
    select
        r.slice_no as slice_no, r.window_periods as window_periods, r.period_index as period_index, 'window' as side,
        {{ cell }},
        r.w, r.l as labelled, r.y as positives, r.lp as score_sum
    from {{ ref('driftline_int_rolling_scores') }} as r
    join {{ ref('driftline_int_bins') }} as c on c.bin_no = r.bin_no and {{ these }}
    where r.w > 0
    union all
    select f.slice_no, 0, 0, 'reference', {{ cell }}, f.w, f.l, f.y, f.lp
    from {{ ref('driftline_int_reference') }} as f
    join {{ ref('driftline_int_bins') }} as c on c.bin_no = f.bin_no and {{ these }}
    union all
    select
        r.slice_no as slice_no, r.window_periods as window_periods, r.period_index as period_index, 'reference',
        {{ cell }},
        -- What rounding leaves of a row is no row.
        f.w - r.reference_w, case when f.l - r.reference_l > 1e-12 * f.l then f.l - r.reference_l else 0e0 end,
        case when f.y - r.reference_y > 1e-12 * f.y then f.y - r.reference_y else 0e0 end, f.lp - r.reference_lp
    from {{ ref('driftline_int_rolling_scores') }} as r
    join {{ ref('driftline_int_maturity') }} as o
        on o.slice_no = r.slice_no and o.window_periods = r.window_periods and o.period_index = r.period_index
            and o.touches_reference
    join {{ ref('driftline_int_bins') }} as c on c.bin_no = r.bin_no and {{ these }}
    join {{ ref('driftline_int_reference') }} as f on f.slice_no = r.slice_no and f.bin_no = r.bin_no
    where f.w - r.reference_w > 1e-12 * f.w
{% endmacro %}
