{{ config(materialized=driftline._step_materialization('part')) }}
{%- if driftline._is_needed() -%}
{%- set null_double = driftline._as_double('null') -%}
{%- set effects = {} -%}
{%- for metric in driftline._metrics() if metric.effect != 'loss' -%}
    {%- do effects.update({metric.name: metric.effect}) -%}
{%- endfor -%}
{%- set label_mean = '(sum(b.l * b.label) / nullif(sum(b.l), 0))' %}

-- Causes of alerts that are features: by how far each has drifted, times how much the model hangs on it.
--
-- How much the model hangs on each feature: the importances it was declared with, else how much of the variance of the
-- predictions in the reference (of the labels, where there are none) lies between the feature's bins, less what chance
-- puts there; else all alike.
with weighted_groups as (
    select distinct k.monitor as monitor, k.model_version as model_version, k.task as task, g.slice_no as slice_no
    from {{ ref('driftline_int_explained_windows') }} as k
    join {{ ref('driftline_int_slices') }} as g
        on g.monitor = k.monitor and g.source = 'relation' and g.model_version = k.model_version and g.segment = 'all'
),

centres as {{ driftline._computed_once() }} (
    select monitor, column_role, max(bin_lower) as centre
    from {{ ref('driftline_bins') }}
    where bin_kind = 'centre' and column_role in ('prediction', 'label')
    group by monitor, column_role
    having count(*) = 1
),

feature_bins as (
    select
        w.monitor as monitor, w.model_version, w.task, c.column_name, f.w, f.w2, f.l, f.y, f.y2,
        {{ driftline._bounded_mean('f.p', 'f.w') }} - coalesce(cp.centre, 0e0) as prediction,
        {{ driftline._bounded_mean('f.y', 'f.l') }}
            - case when w.task = 'regression' then coalesce(cl.centre, 0e0) else 0e0 end as label
    from weighted_groups as w
    join {{ ref('driftline_int_reference') }} as f on f.slice_no = w.slice_no
    join {{ ref('driftline_int_bins') }} as c
        on c.bin_no = f.bin_no and c.column_role = 'feature' and c.bin_kind <> 'moments'
    left join centres as cp
        on cp.monitor = w.monitor and cp.column_role = 'prediction' and w.task in ('binary', 'regression')
    left join centres as cl on cl.monitor = w.monitor and cl.column_role = 'label'
),

-- The variance of the prediction itself.
predictions as {{ driftline._computed_once() }} (
    select w.monitor as monitor, w.model_version,
        {{ driftline._variance('f.d2 / f.w',
            driftline._squared('(' ~ driftline._bounded_mean('f.v', 'f.w') ~ ' - p.centre)'), 'f.n') }} as variance
    from weighted_groups as w
    join centres as p on p.monitor = w.monitor and p.column_role = 'prediction'
    join {{ ref('driftline_int_reference') }} as f on f.slice_no = w.slice_no
    join {{ ref('driftline_int_bins') }} as c
        on c.bin_no = f.bin_no and c.column_role = 'prediction' and c.bin_kind = 'moments'
    where f.w > 0
),

relations as {{ driftline._computed_once() }} (
    select
        b.monitor, b.model_version, b.column_name,
        sum(b.w) * (sum(b.w) / sum(b.w2)) as rows_of, count(*) as bins,
        sum(b.l) as labelled, count(b.label) as labelled_bins,
        (sum(b.w * {{ driftline._squared('b.prediction') }}) / sum(b.w)
            - {{ driftline._squared('(sum(b.w * b.prediction) / sum(b.w))') }})
            / nullif(max(p.variance), 0e0) as by_prediction,
        (sum(b.l * {{ driftline._squared('b.label') }}) / nullif(sum(b.l), 0) - {{ driftline._squared(label_mean) }})
            / nullif({{ driftline._variance(
                'sum(b.y2) / nullif(sum(b.l), 0)', driftline._squared(label_mean), 'sum(b.l)'
            ) }}, 0e0) as by_label
    from feature_bins as b
    left join predictions as p on p.monitor = b.monitor and p.model_version = b.model_version
    where b.w > 0
    group by b.monitor, b.model_version, b.column_name
),

strengths as (
    select
        r.monitor as monitor, r.model_version, r.column_name as column_name, i.importance,
        case
            when declared.monitor is not null then coalesce(i.importance, 0e0)
            {%- for by, rows, bins in [
                ['by_prediction', 'rows_of', 'bins'], ['by_label', 'labelled', 'labelled_bins'],
            ] %}
            when r.{{ by }} is not null then greatest(coalesce(
                1e0 - (1e0 - r.{{ by }}) * (r.{{ rows }} - 1e0)
                    / nullif(greatest(r.{{ rows }} - r.{{ bins }}, 0e0), 0e0), 0e0
            ), 0e0)
            {%- endfor %}
        end as strength
    from relations as r
    left join {{ ref('driftline_importances') }} as i on i.monitor = r.monitor and i.column_name = r.column_name
    left join (select distinct monitor from {{ ref('driftline_importances') }}) as declared
        on declared.monitor = r.monitor
),

weights as {{ driftline._computed_once() }} (
    select
        monitor, model_version, column_name,
        case
            when sum(strength) over (partition by monitor, model_version) > 0
                then coalesce(strength, 0e0) / sum(strength) over (partition by monitor, model_version)
            else 1e0 / count(*) over (partition by monitor, model_version)
        end as weight
    from strengths
),

-- What the shift of a feature alone did to the mean prediction.
prediction_effects as {{ driftline._computed_once() }} (
    select
        case_no, monitor, column_name,
        sum((q_share - p_share) * (coalesce(q_rate, p_rate) + coalesce(p_rate, q_rate)) / 2e0)
            as prediction_shares_effect,
        coalesce(sum((q_rate - p_rate) * (q_share + p_share) / 2e0), 0e0) as prediction_rates_effect
    from (
        select
            s.case_no as case_no, c.monitor, c.column_name,
            s.q_top / nullif(s.q_bottom, 0) as q_rate, s.p_top / nullif(s.p_bottom, 0) as p_rate
            {%- for side in ['q', 'p'] %},
            s.{{ side }}_bottom / nullif(
                sum(s.{{ side }}_bottom) over (partition by s.case_no, c.column_no), 0
            ) as {{ side }}_share
            {%- endfor %}
        from {{ ref('driftline_int_cause_sums') }} as s
        join {{ ref('driftline_int_bins') }} as c on c.bin_no = s.part
        where s.block = 'effect' and (s.q_bottom > 0 or s.p_bottom > 0)
    ) as bins
    where q_share is not null and p_share is not null
    group by case_no, monitor, column_name
),

explained as (
    select
        w.*,
        case
            when explained_family not in ('performance', 'concept', 'estimate_error') then 'prediction'
            when explained_family <> 'concept' then case
                {%- for name, effect in effects.items() %}
                when explained_metric = '{{ name }}' then '{{ effect }}'
                {%- endfor %}
                else 'loss'
            end
            when explained_metric like 'calibration%' then 'calibration'
            when explained_metric like 'loss%' then 'loss'
            else 'label'
        end as effect_of
    from {{ ref('driftline_int_explained_windows') }} as w
    where explained_family <> 'quality' and not (explained_family = 'drift' and column_role = 'feature')
),

features as {{ driftline._computed_once() }} (
    select
        k.case_no as case_no, k.effect_of, d.column_name as column_name, d.psi, d.psi_noise,
        coalesce(w.weight, 0e0) as weight,
        d.psi * coalesce(w.weight, 0e0) as contribution
        {%- for effect in ['shares_effect', 'rates_effect'] %},
        case k.effect_of
            when 'prediction' then e.prediction_{{ effect }}
            {%- for name in ['label', 'calibration', 'loss'] %}
            when '{{ name }}' then c.{{ name }}_{{ effect }}
            {%- endfor %}
        end as {{ effect }}
        {%- endfor %}
    from explained as k
    join {{ ref('driftline_drift') }} as d
        on d.monitor = k.monitor and d.model_version = k.model_version
        and d.segment = k.segment and d.segment_value = k.segment_value
        and d.window_periods = k.window_periods and d.window_start = k.window_start
        and d.baseline = k.drift_baseline and d.column_role = 'feature' and d.psi > d.psi_noise
    left join weights as w
        on w.monitor = k.monitor and w.model_version = k.model_version and w.column_name = d.column_name
    left join prediction_effects as e on e.case_no = k.case_no and e.column_name = d.column_name
    left join {{ ref('driftline_concept') }} as c
        on c.monitor = k.monitor and c.model_version = k.model_version
        and c.segment = k.segment and c.segment_value = k.segment_value
        and c.window_periods = k.window_periods and c.window_start = k.window_start
        and c.column_name = d.column_name and c.column_role = 'feature'
)

select
    case_no, 'column' as cause_kind, column_name as cause_name, {{ driftline._as_text('null') }} as cause_value,
    contribution, 'psi times weight' as contribution_unit, sum(contribution) over (partition by case_no) as whole,
    shares_effect, rates_effect, case when shares_effect is not null then effect_of end as effect_unit,
    psi as value, {{ null_double }} as expected, weight,
    {{ null_double }} as row_share, {{ null_double }} as expected_row_share,
    column_name || ': PSI ' || {{ driftline._readable('psi') }}
        || ' (noise ' || {{ driftline._readable('psi_noise') }} || '), weight ' || {{ driftline._percent('weight') }}
        || case when shares_effect is not null then '; its shift alone moves the mean ' || effect_of || ' by '
            || {{ driftline._readable('shares_effect') }} else '' end as description
from features
{%- else -%}{{ driftline._empty() }}{%- endif %}
