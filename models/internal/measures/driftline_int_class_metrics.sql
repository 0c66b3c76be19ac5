{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed(['performance', 'comparisons']) -%}
{%- set side = 'slice_no, window_periods, period_index, side' -%}
{%- set metrics = driftline._class_metrics() %}

-- Classes by side (as in driftline_int_model_sums): how many rows are of one, were taken for it, and both, and what
-- that says of it. Those of the reference are looked for in every window; classes that the reference does not have
-- share two bins.
with bins as (
    select
        {{ side }}, coalesce(bin_label, bin_kind) as class_name,
        case when bin_kind = 'category' then 0 else 1 end as is_pooled,
        case when column_role = 'class_support' then w else 0e0 end as support,
        case when column_role = 'class_predicted' then w else 0e0 end as predicted,
        case when column_role = 'class_hit' then w else 0e0 end as hits
    from ({{ driftline._score_sides(['class_support', 'class_predicted', 'class_hit']) }}) as b
    where bin_kind <> 'null' and w > 0
    union all
    select s.slice_no, s.window_periods, s.period_index, s.side, c.bin_label, 0, 0e0, 0e0, 0e0
    from {{ ref('driftline_int_model_sums') }} as s
    join {{ ref('driftline_int_bins') }} as c
        on c.monitor = s.monitor and c.column_role = 'class_support' and c.bin_kind = 'category'
),

counts as (
    select
        {{ side }}, class_name, max(is_pooled) as is_pooled,
        sum(support) as support, sum(predicted) as predicted, sum(hits) as hits
    from bins
    group by {{ side }}, class_name
),

weighed as (
    select
        {{ driftline._all_of('c') }}, a.weight_per_row, a.labelled_n / nullif(a.labelled_w, 0e0) as rows_per_weight,
        b.roc_auc, b.auc_slack, b.all_positives, b.all_negatives
    from counts as c
    left join {{ ref('driftline_int_model_sums') }} as a
        on a.slice_no = c.slice_no and a.window_periods = c.window_periods and a.period_index = c.period_index
        and a.side = c.side
    left join {{ ref('driftline_int_score_curves') }} as b
        on b.slice_no = c.slice_no and b.window_periods = c.window_periods and b.period_index = c.period_index
        and b.side = c.side and b.column_name = c.class_name
)

-- <metric>_chance: what it varies by if nothing changes.
select
    weighed.*
    {%- for name, metric in metrics.items() %}
    {%- set bottom = driftline._sum_of_terms(metric.bottom, '', '') %},
    case when {{ bottom }} > 0 then {{ driftline._sum_of_terms(metric.top, '', '') }}
        / {{ bottom }} end as class_{{ name }},
    case when {{ bottom }} > 0 then {{ metric.chance }} end as {{ name }}_chance,
    {{ metric.rows }} as {{ name }}_rows
    {%- endfor %}
from weighed
{%- else -%}{{ driftline._empty() }}{%- endif %}
