{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed(['performance', 'comparisons']) -%}
{%- set side = 'slice_no, window_periods, period_index, side' -%}
{%- set null_double = driftline._as_double('null') -%}
{%- set class_metrics = driftline._class_metrics() -%}
{%- set metrics = driftline._metrics() -%}
{%- set sql = {} -%}
{%- for metric in metrics -%}{%- do sql.update({metric.no: driftline._metric_sql(metric)}) -%}{%- endfor %}

-- Performance where the labels are known: every metric of every side (as in driftline_int_model_sums).
with macro as (
    select
        {{ side }}
        {%- for name, metric in class_metrics.items() %},
        avg(class_{{ name }}) as macro_{{ name }},
        {{ metric.macro }} * sum({{ name }}_chance)
            / nullif(count(class_{{ name }}), 0) / nullif(count(class_{{ name }}), 0) as macro_{{ name }}_variance
        {%- endfor %}
    from {{ ref('driftline_int_class_metrics') }}
    where is_pooled = 0
    group by {{ side }}
),

macro_auc as (
    select
        {{ side }}, avg(roc_auc) as macro_roc_auc, avg(auc_slack) as slack,
        -- All classes are told by the same rows: their areas go together.
        {{ driftline._squared("avg(sqrt(greatest("
            ~ driftline._auc_variance('roc_auc', 'all_positives', 'all_negatives') ~ ", 0e0)))") }} as auc_variance
    from {{ ref('driftline_int_score_curves') }}
    where roc_auc is not null
    group by {{ side }}
),

-- All metrics of a side in one row.
wide as (
    select
        {{ driftline._all_of('a') }},
        case when coalesce(a.log_loss_n, 0) < a.labelled_n then 1 else 0 end as has_no_probabilities,
        b.all_positives, b.all_negatives, b.roc_auc, b.auc_slack, b.ks, b.ks_upper,
        b.average_precision, b.average_precision_lower, b.average_precision_upper,
        b.capture, b.capture_lower, b.capture_upper,
        b.expected_calibration_error, b.calibration_chance, b.calibration_variance,
        {%- for name in class_metrics %}
        m.macro_{{ name }}, m.macro_{{ name }}_variance,
        {%- endfor %}
        u.macro_roc_auc, u.slack as macro_auc_slack, u.auc_variance as macro_auc_variance
    from {{ ref('driftline_int_model_sums') }} as a
    left join {{ ref('driftline_int_score_curves') }} as b
        on a.task = 'binary' and b.slice_no = a.slice_no and b.window_periods = a.window_periods
        and b.period_index = a.period_index and b.side = a.side
    left join macro as m
        on m.slice_no = a.slice_no and m.window_periods = a.window_periods
        and m.period_index = a.period_index and m.side = a.side
    left join macro_auc as u
        on a.task = 'multiclass' and u.slice_no = a.slice_no and u.window_periods = a.window_periods
        and u.period_index = a.period_index and u.side = a.side
),

named as (
    {%- for metric in metrics %}
    select {{ metric.no }} as metric_no, '{{ metric.task }}' as task, {{ driftline._text(metric.name) }} as metric
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

long as (
    select
        w.slice_no, w.window_periods, w.period_index, w.side, n.metric, {{ driftline._text('all') }} as class_name,
        w.rows_n, w.known_n,
        case n.metric_no
            {%- for metric in metrics if metric.rows != 'labelled' %}
            when {{ metric.no }} then w.{{ metric.rows }}_n
            {%- endfor %}
            else w.labelled_n
        end as metric_n,
        {#- What the noise is made of: see _metric_sql. -#}
        {%- for part in ['value', 'lower', 'upper', 'variance', 'chance', 'n', 'bias', 'count', 'reason'] %}
        case n.metric_no
            {%- for metric in metrics if part in sql[metric.no] %}
            when {{ metric.no }} then {{ sql[metric.no][part] }}
            {%- endfor %}
        end as part_{{ part }},
        {%- endfor %}
        case n.metric_no
            {%- for metric in metrics if metric.skew %}
            when {{ metric.no }} then '{{ metric.skew }}'
            {%- endfor %}
        end as skew
    from wide as w
    join named as n
        on (
            w.is_scored and n.task = w.task
            {%- for metric in metrics if metric.where is defined %}
            and (n.metric_no <> {{ metric.no }} or {{ metric.where }})
            {%- endfor %}
        )
        or n.task = 'ranking' and w.ranking_k is not null
    union all
    {%- for name, metric in class_metrics.items() %}
    {%- set is_share = metric.top.values() | list == [1] and metric.bottom.values() | list == [1] %}
    select
        c.slice_no, c.window_periods, c.period_index, c.side, {{ driftline._text(name) }}, c.class_name,
        a.rows_n, a.known_n, a.labelled_n,
        c.class_{{ name }}, {{ null_double }}, {{ null_double }},
        {%- if is_share %}
        c.class_{{ name }} * (1e0 - c.class_{{ name }}) / nullif(c.{{ name }}_rows, 0e0) * a.weight_per_row,
        {{ null_double }},
        {%- else %}
        {{ null_double }}, c.{{ name }}_chance,
        {%- endif %}
        c.{{ name }}_rows / a.weight_per_row, {{ null_double }}, c.{{ name }}_rows * c.rows_per_weight,
        {{ driftline._literal(metric.empty) }}, 'rate'
    from {{ ref('driftline_int_class_metrics') }} as c
    join {{ ref('driftline_int_model_sums') }} as a
        on a.slice_no = c.slice_no and a.window_periods = c.window_periods and a.period_index = c.period_index
        and a.side = c.side
    where c.is_pooled = 0
    union all
    {%- endfor %}
    select
        c.slice_no, c.window_periods, c.period_index, c.side, {{ driftline._text('roc_auc') }}, c.class_name,
        a.rows_n, a.known_n, a.labelled_n,
        c.roc_auc, c.roc_auc - c.auc_slack, c.roc_auc + c.auc_slack,
        {{ driftline._auc_variance(
            'c.roc_auc', '(c.all_positives / a.weight_per_row)', '(c.all_negatives / a.weight_per_row)'
        ) }}, {{ null_double }},
        c.all_positives * c.all_negatives / nullif(c.all_positives + c.all_negatives, 0e0) / a.weight_per_row,
        {{ null_double }}, {{ null_double }},
        'no labels of the class, or no others', null
    from {{ ref('driftline_int_class_metrics') }} as c
    join {{ ref('driftline_int_model_sums') }} as a
        on a.slice_no = c.slice_no and a.window_periods = c.window_periods and a.period_index = c.period_index
        and a.side = c.side
    where c.is_pooled = 0
        and exists (
            select 1 from {{ ref('driftline_int_bins') }} as b
            where b.monitor = a.monitor and b.column_role = 'performance' and b.column_kind = 'numeric'
                and b.column_name = c.class_name
        )
),

-- What rounding leaves of a rate of 1, or of a mean of numbers that are all alike, is no variance.
rounded as (
    select
        long.*
        {%- for name, of in {
            'variance': 'part_variance', 'chance': 'coalesce(part_chance, part_variance)',
        }.items() %},
        case
            when abs(part_value) between 1e-100 and 1e100 and {{ of }} between 0 and 1e200
                and {{ of }} * part_n <= part_value * part_value * {{ driftline._rounding('part_n') }} then 0e0
            else {{ of }}
        end as {{ name }}
        {%- endfor %}
    from long
)

select
    slice_no, window_periods, period_index, side, metric, class_name, rows_n, known_n,
    coalesce(metric_n, 0) as metric_n,
    -- Some engines sum what is too large to infinity.
    {%- for name, of in {
        'value': 'part_value', 'value_lower': 'coalesce(part_lower, part_value)',
        'value_upper': 'coalesce(part_upper, part_value)',
    }.items() %}
    case when part_value between -1e300 and 1e300 then {{ of }} end as {{ name }},
    {%- endfor %}
    case when variance between 0 and 1e300 then sqrt(variance) when variance < 0 then 0e0 end as standard_error,
    -- The variance of one row, and the rows: what is needed for the noise where nothing changed.
    case when chance between 1e-200 and 1e200 then chance * part_n when chance < 1e200 then 0e0 end as row_variance,
    part_n as chance_n, part_bias as chance_bias, skew,
    coalesce(floor(part_count + 0.5e0), metric_n, 0) as denominator_n,
    case
        when part_value between -1e300 and 1e300 then null
        when part_value is not null then 'values too large to sum'
        else part_reason
    end as reason
from rounded
{%- else -%}{{ driftline._empty() }}{%- endif %}
