{{ config(materialized='table', contract={'enforced': driftline._enforce_contract()}) }}
{%- set most_causes = 10 -%}
{%- set null_double = driftline._as_double('null') -%}
{%- set reaches = [] %}

-- Which periods before a window's last one are the window (q) and its baseline (p), both ends included. The trailing
-- baseline of a business metric is the windows of the same length that came before.
with frames as (
    {%- for window in driftline._windows() -%}
    {%- set outer = loop -%}
    {%- for size in window.sizes -%}
    {%- set shift = ((size + window.season - 1) // window.season) * window.season -%}
    {%- set windows_before = [8, (window.trailing + size - 1) // size] | max -%}
    {%- set frames = [
        ['q', 'any', 'any', 0, size - 1], ['p', 'any', 'previous', size, 2 * size - 1], ['p', 'any', 'seasonal', shift, shift + size - 1],
        ['p', 'business', 'trailing', size, size + windows_before * size - 1], ['p', 'other', 'trailing', size, size + window.trailing - 1],
    ] -%}
    {%- for frame in frames -%}
    {%- do reaches.append(frame[4] + 1) %}
    select '{{ window.period }}' as period, {{ size }} as window_periods, '{{ frame[0] }}' as side, '{{ frame[1] }}' as family, '{{ frame[2] }}' as baseline, {{ frame[3] }} as nearest, {{ frame[4] }} as farthest
    {{ 'union all' if not (loop.last and outer.last and size == window.sizes[-1]) }}
    {%- endfor -%}
    {%- endfor -%}
    {%- endfor %}
),

periods as {{ driftline._computed_once() }} (
    select k.case_no, f.side, k.period_index - n.number as period_index
    from {{ ref('driftline_explained_windows') }} as k
    join frames as f
        on f.period = k.period and f.window_periods = k.window_periods
        and (f.baseline = 'any' or f.baseline = k.baseline)
        and (f.family = 'any' or f.family = case when k.explained_family = 'business' then 'business' else 'other' end)
    join ({{ driftline._numbers(reaches | max) }}) as n on n.number between f.nearest and f.farthest
    -- Only whole windows count among those that came before.
    where f.family <> 'business' or k.period_index - (floor(n.number * 1e0 / k.window_periods) + 1) * k.window_periods + 1 >= k.monitor_first_index
),

ratio_metrics as (
    {{ driftline._ratio_metrics() }}
),

business as (
    {{ driftline._business_metrics() }}
),

added as (
    -- The window; what of it is reference comes out of the reference.
    select
        c.case_no, c.block, c.part, c.kind, c.name, c.value,
        c.top * {{ driftline._sum_of('c.field', 's') }} as q_top, c.bottom * {{ driftline._sum_of('c.field', 's') }} as q_bottom,
        case when c.baseline = 'reference' then - c.top * {{ driftline._sum_of('c.field', 's', 'reference_') }} else 0e0 end as p_top,
        case when c.baseline = 'reference' then - c.bottom * {{ driftline._sum_of('c.field', 's', 'reference_') }} else 0e0 end as p_bottom,
        0e0 as all_top, 0e0 as all_bottom
    from periods as t
    join {{ ref('driftline_cause_parts') }} as c on c.case_no = t.case_no
    join {{ ref('driftline_series') }} as s on s.group_no = c.group_no and s.cell_no = c.cell_no and s.period_index = t.period_index
    where t.side = 'q'
    union all
    select
        c.case_no, c.block, c.part, c.kind, c.name, c.value, 0e0, 0e0,
        c.top * {{ driftline._sum_of('c.field', 's') }}, c.bottom * {{ driftline._sum_of('c.field', 's') }}, 0e0, 0e0
    from periods as t
    join {{ ref('driftline_cause_parts') }} as c on c.case_no = t.case_no
    join {{ ref('driftline_series') }} as s on s.group_no = c.group_no and s.cell_no = c.cell_no and s.period_index = t.period_index
    where t.side = 'p'
    union all
    select
        c.case_no, c.block, c.part, c.kind, c.name, c.value, 0e0, 0e0,
        c.top * {{ driftline._sum_of('c.field', 'f') }}, c.bottom * {{ driftline._sum_of('c.field', 'f') }},
        c.top * {{ driftline._sum_of('c.field', 'f') }}, c.bottom * {{ driftline._sum_of('c.field', 'f') }}
    from {{ ref('driftline_cause_parts') }} as c
    join {{ ref('driftline_reference') }} as f
        on f.group_no = c.group_no and f.cell_no = c.cell_no
        -- A version is a part of the reference by its own rows only.
        and (c.kind <> 'version' or f.reference_model_version = c.value)
    where c.baseline = 'reference'
),

sums as {{ driftline._computed_once() }} (
    select
        case_no, block, part, kind, name, value,
        sum(q_top) as q_top, sum(q_bottom) as q_bottom,
        -- What rounding leaves of a row is no row.
        case when abs(sum(p_top)) > 1e-12 * greatest(abs(sum(all_top)), 1e-280) then sum(p_top) else 0e0 end as p_top,
        case when abs(sum(p_bottom)) > 1e-12 * greatest(abs(sum(all_bottom)), 1e-280)
            then sum(p_bottom) else 0e0 end as p_bottom
    from added
    group by case_no, block, part, kind, name, value
),

-- A sum is compared with the sum of a window of the same length: how many of those the baseline is worth.
baseline_windows as {{ driftline._computed_once() }} (
    select k.case_no, count(distinct floor({{ driftline._as_double('k.period_index - s.period_index') }} / k.window_periods)) * 1e0 as windows
    from {{ ref('driftline_explained_windows') }} as k
    join periods as t on t.case_no = k.case_no and t.side = 'p'
    join {{ ref('driftline_cells') }} as c on c.monitor = k.monitor and c.column_role = 'row'
    join {{ ref('driftline_series') }} as s on s.group_no = k.group_no and s.cell_no = c.cell_no and s.period_index = t.period_index and s.n > 0
    where k.explained_family = 'business'
    group by k.case_no
    union all
    select k.case_no, (max(f.periods) - sum(case when s.reference_n > 0 then 1 else 0 end)) / max(k.window_periods * 1e0)
    from {{ ref('driftline_explained_windows') }} as k
    join {{ ref('driftline_cells') }} as c on c.monitor = k.monitor and c.column_role = 'row'
    join {{ ref('driftline_reference') }} as f on f.group_no = k.group_no and f.cell_no = c.cell_no
    join periods as t on t.case_no = k.case_no and t.side = 'q'
    left join {{ ref('driftline_series') }} as s on s.group_no = k.group_no and s.cell_no = c.cell_no and s.period_index = t.period_index
    where k.explained_family = 'business' and k.baseline = 'reference'
    group by k.case_no
),

-- A ratio metric by segment value and version; a metric of concept drift by the column's bins as well.
ratio_members as (
    select
        s.case_no, s.kind, s.name, s.value, case when s.kind = 'total' then s.part else 0 end as part,
        max(coalesce(b.is_sum, 0)) as is_sum,
        sum(s.q_top) as q_top, sum(s.q_bottom) as q_bottom,
        sum(s.p_top) / max(case when b.is_sum = 1 then w.windows else 1e0 end) as p_top,
        sum(s.p_bottom) / max(case when b.is_sum = 1 then w.windows else 1e0 end) as p_bottom
    from sums as s
    join {{ ref('driftline_explained_windows') }} as k on k.case_no = s.case_no
    left join business as b on b.monitor = k.monitor and b.metric = k.explained_metric and k.explained_family = 'business'
    left join baseline_windows as w on w.case_no = s.case_no and w.windows > 0
    where s.block = 'ratio' and (s.kind <> 'total' or k.explained_family = 'concept')
    group by s.case_no, s.kind, s.name, s.value, case when s.kind = 'total' then s.part else 0 end
),

ratio_totals as (
    select
        ratio_members.*,
        sum(q_top) over (partition by case_no, kind, name) as q_top_total, sum(q_bottom) over (partition by case_no, kind, name) as q_bottom_total,
        sum(p_top) over (partition by case_no, kind, name) as p_top_total, sum(p_bottom) over (partition by case_no, kind, name) as p_bottom_total,
        q_top / nullif(q_bottom, 0) as q_rate, p_top / nullif(p_bottom, 0) as p_rate
    from ratio_members
),

-- Each part's share of the change: what it is on the one side, less what it is on the other, both seen from the middle of
-- the two means, so that a part that grows counts for more only where it is better or worse than the rest.
ratio_changes as (
    select
        r.*, c.is_root, k.column_name,
        case
            when k.explained_family <> 'concept' then coalesce(c.quantity, k.explained_metric)
            when k.explained_metric like 'calibration%' then 'calibration'
            when k.explained_metric like 'loss%' then 'loss'
            else 'label'
        end as unit,
        (q_top_total / q_bottom_total + p_top_total / p_bottom_total) / 2e0 as middle,
        q_bottom / q_bottom_total as q_share, p_bottom / p_bottom_total as p_share,
        (coalesce(q_rate, p_rate) + coalesce(p_rate, q_rate)) / 2e0 as rate_of_sides,
        case
            when is_sum = 1 or coalesce(c.is_root, 0) = 0 then 1e0
            else 1e0 / nullif(sqrt(greatest(q_top_total / q_bottom_total, 0e0)) + sqrt(greatest(p_top_total / p_bottom_total, 0e0)), 0)
        end as scale
    from ratio_totals as r
    join {{ ref('driftline_explained_windows') }} as k on k.case_no = r.case_no
    left join (select distinct metric, quantity, is_root from ratio_metrics) as c on k.explained_family = 'performance' and c.metric = k.explained_metric
    where q_bottom_total > 0 and p_bottom_total > 0
),

ratio_causes as {{ driftline._computed_once() }} (
    select
        case_no, kind, name, value, part, is_sum, unit, column_name,
        scale * (case when is_sum = 1 then q_top - p_top else (q_top - middle * q_bottom) / q_bottom_total - (p_top - middle * p_bottom) / p_bottom_total end) as contribution,
        scale * coalesce(case when is_sum = 1 then (q_bottom - p_bottom) * rate_of_sides else (q_share - p_share) * (rate_of_sides - middle) end, 0e0) as shares_effect,
        scale * (case when is_sum = 1 then q_top_total - p_top_total else q_top_total / q_bottom_total - p_top_total / p_bottom_total end) as change,
        case when is_sum = 1 then q_top when is_root = 1 then case when q_rate is not null then sqrt(greatest(q_rate, 0e0)) end else q_rate end as q_value,
        case when is_sum = 1 then p_top when is_root = 1 then case when p_rate is not null then sqrt(greatest(p_rate, 0e0)) end else p_rate end as p_value,
        q_share, p_share
    from ratio_changes
),

-- The PSI is a sum over bins of (q-p)·ln(q/p); given the logarithms it is a sum over the rows' parts as well.
psi_bins as (
    select
        s.*,
        sum(q_top) over (partition by case_no, kind, name) as q_total, sum(p_top) over (partition by case_no, kind, name) as p_total,
        sum(q_bottom) over (partition by case_no, kind, name) as q2_total, sum(p_bottom) over (partition by case_no, kind, name) as p2_total,
        sum(q_top) over (partition by case_no, kind, name, part) as q_bin, sum(p_top) over (partition by case_no, kind, name, part) as p_bin,
        sum(q_top) over (partition by case_no, kind, name, value) as q_member, sum(p_top) over (partition by case_no, kind, name, value) as p_member
    from sums as s
    where s.block = 'psi'
),

psi_shares as (
    select
        case_no, kind, name, value, part,
        q_member / q_total as q_share, p_member / p_total as p_share,
        q_bin / q_total as q_bin_share, p_bin / p_total as p_bin_share,
        q_top / q_total as q_part, p_top / p_total as p_part,
        q_top / nullif(q_member, 0) as q_within, p_top / nullif(p_member, 0) as p_within,
        case when q_bin > 0 then q_bin / q_total else 0.5e0 * q2_total / q_total / q_total end as q_smooth,
        case when p_bin > 0 then p_bin / p_total else 0.5e0 * p2_total / p_total / p_total end as p_smooth
    from psi_bins
    where q_total > 0 and p_total > 0 and (q_bin > 0 or p_bin > 0)
),

psi_weights as {{ driftline._computed_once() }} (
    select
        psi_shares.*,
        (q_smooth - p_smooth) * ln(q_smooth / p_smooth) as term,
        -- A share of zero counts as half a row, so its bin counts for a little less than the shares say.
        case when q_bin_share <> p_bin_share then (q_smooth - p_smooth) / (q_bin_share - p_bin_share) * ln(q_smooth / p_smooth) else 0e0 end as weight,
        (coalesce(q_within, p_within, 0e0) + coalesce(p_within, q_within, 0e0)) / 2e0 as within_of_sides,
        (q_bin_share + p_bin_share) / 2e0 as bin_of_sides,
        count(*) over (partition by case_no, kind, name, part) as members
    from psi_shares
),

psi_causes as {{ driftline._computed_once() }} (
    select
        case_no, kind, name, value,
        sum(weight * (q_part - p_part)) - (max(q_share) - max(p_share)) * max(middle) as contribution,
        (max(q_share) - max(p_share)) * (sum(weight * within_of_sides) - max(middle)) as shares_effect,
        max(psi) as change,
        max(q_share) as q_share, max(p_share) as p_share
    from (
        select
            psi_weights.*,
            sum(weight * bin_of_sides / members) over (partition by case_no, kind, name) as middle,
            sum(term / members) over (partition by case_no, kind, name) as psi
        from psi_weights
    ) as w
    where kind <> 'total'
    group by case_no, kind, name, value
),

-- How much the model hangs on each feature: the importances it was declared with, else how much of the variance of the
-- predictions in the reference (of the labels, where there are none) lies between the feature's bins, less what chance
-- puts there; else all alike.
weighted_groups as (
    select distinct k.monitor, k.model_version, k.task, g.group_no
    from {{ ref('driftline_explained_windows') }} as k
    join {{ ref('driftline_groups') }} as g
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
        w.monitor, w.model_version, w.task, c.column_name, f.w, f.w2, f.l, f.y, f.y2,
        coalesce(cp.centre, 0e0) as prediction_centre, case when w.task = 'regression' then coalesce(cl.centre, 0e0) else 0e0 end as label_centre,
        {{ driftline._bounded_mean('f.p', 'f.w') }} - coalesce(cp.centre, 0e0) as prediction,
        {{ driftline._bounded_mean('f.y', 'f.l') }} - case when w.task = 'regression' then coalesce(cl.centre, 0e0) else 0e0 end as label
    from weighted_groups as w
    join {{ ref('driftline_reference') }} as f on f.group_no = w.group_no
    join {{ ref('driftline_cells') }} as c on c.cell_no = f.cell_no and c.column_role = 'feature' and c.bin_kind <> 'moments'
    left join centres as cp on cp.monitor = w.monitor and cp.column_role = 'prediction' and w.task in ('binary', 'regression')
    left join centres as cl on cl.monitor = w.monitor and cl.column_role = 'label'
),

-- The variance of the prediction itself.
predictions as {{ driftline._computed_once() }} (
    select w.monitor, w.model_version,
        {{ driftline._variance('f.d2 / f.w',
            driftline._squared('(' ~ driftline._bounded_mean('f.v', 'f.w') ~ ' - p.centre)'), 'f.n') }} as variance
    from weighted_groups as w
    join centres as p on p.monitor = w.monitor and p.column_role = 'prediction'
    join {{ ref('driftline_reference') }} as f on f.group_no = w.group_no
    join {{ ref('driftline_cells') }} as c on c.cell_no = f.cell_no and c.column_role = 'prediction' and c.bin_kind = 'moments'
    where f.w > 0
),

relations as {{ driftline._computed_once() }} (
    select
        b.monitor, b.model_version, b.column_name,
        sum(b.w) * (sum(b.w) / sum(b.w2)) as rows_of, count(*) as bins,
        sum(b.l) as labelled, count(b.label) as labelled_bins,
        (sum(b.w * {{ driftline._squared('b.prediction') }}) / sum(b.w) - {{ driftline._squared('(sum(b.w * b.prediction) / sum(b.w))') }}) / nullif(max(p.variance), 0e0) as by_prediction,
        (sum(b.l * {{ driftline._squared('b.label') }}) / nullif(sum(b.l), 0) - {{ driftline._squared('(sum(b.l * b.label) / nullif(sum(b.l), 0))') }})
            / nullif({{ driftline._variance('sum(b.y2) / nullif(sum(b.l), 0)',
                driftline._squared('(sum(b.l * b.label) / nullif(sum(b.l), 0))'), 'sum(b.l)') }}, 0e0) as by_label
    from feature_bins as b
    left join predictions as p on p.monitor = b.monitor and p.model_version = b.model_version
    where b.w > 0
    group by b.monitor, b.model_version, b.column_name
),

strengths as (
    select
        r.monitor, r.model_version, r.column_name, i.importance,
        case
            when declared.monitor is not null then coalesce(i.importance, 0e0)
            when r.by_prediction is not null then greatest(1e0 - (1e0 - r.by_prediction) * (r.rows_of - 1e0) / nullif(greatest(r.rows_of - r.bins, 0e0), 0e0), 0e0)
            when r.by_label is not null then greatest(1e0 - (1e0 - r.by_label) * (r.labelled - 1e0) / nullif(greatest(r.labelled - r.labelled_bins, 0e0), 0e0), 0e0)
        end as strength
    from relations as r
    left join {{ ref('driftline_importances') }} as i on i.monitor = r.monitor and i.column_name = r.column_name
    left join (select distinct monitor from {{ ref('driftline_importances') }}) as declared on declared.monitor = r.monitor
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
        case_no, column_no,
        sum((q_share - p_share) * (coalesce(q_rate, p_rate) + coalesce(p_rate, q_rate)) / 2e0) as shares_effect,
        coalesce(sum((q_rate - p_rate) * (q_share + p_share) / 2e0), 0e0) as rates_effect
    from (
        select
            s.case_no, c.column_no, s.q_top / nullif(s.q_bottom, 0) as q_rate, s.p_top / nullif(s.p_bottom, 0) as p_rate,
            s.q_bottom / nullif(sum(s.q_bottom) over (partition by s.case_no, c.column_no), 0) as q_share,
            s.p_bottom / nullif(sum(s.p_bottom) over (partition by s.case_no, c.column_no), 0) as p_share
        from sums as s
        join {{ ref('driftline_cells') }} as c on c.cell_no = s.part
        where s.block = 'effect' and (s.q_bottom > 0 or s.p_bottom > 0)
    ) as bins
    where q_share is not null and p_share is not null
    group by case_no, column_no
),

column_causes as {{ driftline._computed_once() }} (
    select
        k.case_no, d.column_name, d.psi, d.psi_noise, coalesce(w.weight, 0e0) as weight, d.psi * coalesce(w.weight, 0e0) as contribution,
        k.effect_of,
        case k.effect_of when 'prediction' then e.shares_effect{% for name in ['label', 'calibration', 'loss'] %} when '{{ name }}' then c.{{ name }}_shares_effect{% endfor %} end as shares_effect,
        case k.effect_of when 'prediction' then e.rates_effect{% for name in ['label', 'calibration', 'loss'] %} when '{{ name }}' then c.{{ name }}_rates_effect{% endfor %} end as rates_effect
    from (
        select
            w.*,
            case
                when explained_family not in ('performance', 'concept', 'estimate_error') then 'prediction'
                when explained_metric like 'calibration%' or explained_metric = 'bias' then 'calibration'
                when explained_family = 'concept' and explained_metric like 'loss%' then 'loss'
                when explained_family = 'concept' or explained_metric = 'label_rate' then 'label'
                else 'loss'
            end as effect_of
        from {{ ref('driftline_explained_windows') }} as w
    ) as k
    join {{ ref('driftline_drift') }} as d
        on d.monitor = k.monitor and d.model_version = k.model_version and d.segment = k.segment and d.segment_value = k.segment_value
        and d.window_periods = k.window_periods and d.window_start = k.window_start
        and d.baseline = k.drift_baseline and d.column_role = 'feature' and d.psi > d.psi_noise
    join (select distinct monitor, column_no, column_name from {{ ref('driftline_cells') }} where column_role = 'feature') as f
        on f.monitor = k.monitor and f.column_name = d.column_name
    left join weights as w on w.monitor = k.monitor and w.model_version = k.model_version and w.column_name = d.column_name
    left join prediction_effects as e on e.case_no = k.case_no and e.column_no = f.column_no
    left join {{ ref('driftline_concept') }} as c
        on c.monitor = k.monitor and c.model_version = k.model_version and c.segment = k.segment and c.segment_value = k.segment_value
        and c.window_periods = k.window_periods and c.window_start = k.window_start and c.column_name = d.column_name and c.column_role = 'feature'
    where k.explained_family <> 'quality' and not (k.explained_family = 'drift' and k.column_role = 'feature')
),

-- Bins in words. A bin's lower edge is outside, its upper inside; a value with a bin of its own has its edge just below.
bin_texts as {{ driftline._computed_once() }} (
    select
        monitor, column_name, column_role, part, is_group,
        case
            when bin_kind = 'null' then 'NULL'
            when bin_kind = 'nan' then 'NaN'
            when bin_kind = 'negative_infinity' then '-infinity'
            when bin_kind = 'positive_infinity' then '+infinity'
            when bin_kind = 'beyond_top' then 'the other known values'
            when bin_kind = 'unseen' then 'values the reference does not have'
            when bin_kind = 'category' then bin_label
            when is_open_below = 1 and is_open_above = 1 then 'any number'
            when is_open_below = 1 then 'up to ' || {{ driftline._readable('bin_upper') }}
            when is_open_above = 1 then 'over ' || {{ driftline._readable('bin_lower') }}
            when bin_upper - bin_lower <= 1e-14 * greatest(abs(bin_upper), 1e-270)
                then {{ driftline._readable('bin_upper') }}
            else 'over ' || {{ driftline._readable('bin_lower') }} || ' to ' || {{ driftline._readable('bin_upper') }}
        end as text
    from (
        {%- for part in ['bin', 'bin_group'] %}
        select
            monitor, column_name, column_role, {{ part }} as part, {{ loop.index0 }} as is_group,
            max(bin_kind) as bin_kind, max(bin_label) as bin_label, min(bin_lower) as bin_lower, max(bin_upper) as bin_upper,
            max(case when bin_lower is null then 1 else 0 end) as is_open_below, max(case when bin_upper is null then 1 else 0 end) as is_open_above
        from {{ ref('driftline_cells') }}
        where column_role in ('feature', 'prediction', 'label') and bin_kind <> 'moments'
        group by monitor, column_name, column_role, {{ part }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as ranges
),

causes as (
    select
        case_no, 'column' as cause_kind, column_name as cause_name, {{ driftline._as_text('null') }} as cause_value,
        contribution, 'psi times weight' as contribution_unit, sum(contribution) over (partition by case_no) as whole,
        shares_effect, rates_effect, case when shares_effect is not null then effect_of end as effect_unit,
        psi as value, {{ null_double }} as expected, weight, {{ null_double }} as row_share, {{ null_double }} as expected_row_share,
        column_name || ': PSI ' || {{ driftline._readable('psi') }} || ' (noise '
            || {{ driftline._readable('psi_noise') }} || '), weight '
            || {{ driftline._percent('weight') }}
            || case when shares_effect is not null then '; its shift alone moves the mean ' || effect_of || ' by '
                || {{ driftline._readable('shares_effect') }} else '' end as description
    from column_causes
    union all
    select
        r.case_no, case when r.kind = 'total' then 'bin' else r.kind end, case when r.kind = 'total' then r.column_name else r.name end,
        case when r.kind = 'total' then b.text else r.value end,
        r.contribution, r.unit, r.change, r.shares_effect, r.contribution - r.shares_effect, r.unit, r.q_value, r.p_value, {{ null_double }}, r.q_share, r.p_share,
        case when r.kind = 'total' then r.column_name || ' ' || b.text when r.kind = 'version' then 'version ' || r.value else r.name || ' = ' || r.value end
            || case when r.q_value is null then ': no rows any more'
                else ': ' || r.unit || ' ' || {{ driftline._readable('r.q_value') }} end
            || case when r.p_value is null then ', none in the baseline'
                else ' instead of ' || {{ driftline._readable('r.p_value') }} end
            || ', share ' || {{ driftline._percent('r.q_share') }} || ' instead of ' || {{ driftline._percent('r.p_share') }}
    from ratio_causes as r
    join {{ ref('driftline_explained_windows') }} as k on k.case_no = r.case_no
    left join bin_texts as b
        on b.monitor = k.monitor and b.column_name = r.column_name and b.column_role = k.column_role and b.part = r.part and b.is_group = 0 and r.kind = 'total'
    union all
    select
        p.case_no, p.kind, p.name, p.value, p.contribution, 'psi', p.change, p.shares_effect, p.contribution - p.shares_effect, 'psi',
        d.psi, {{ null_double }}, {{ null_double }}, p.q_share, p.p_share,
        case when p.kind = 'version' then 'version ' || p.value else p.name || ' = ' || p.value end
            || case when p.q_share = 0 then ': no rows any more' when p.p_share = 0 then ': none in the baseline' else '' end
            || ': carries ' || {{ driftline._readable('p.contribution') }} || ' of the PSI'
            || case when d.psi is not null then ', its own is ' || {{ driftline._readable('d.psi') }} else '' end
            || ', ' || {{ driftline._percent('p.q_share') }} || ' of the rows instead of ' || {{ driftline._percent('p.p_share') }}
    from psi_causes as p
    join {{ ref('driftline_explained_windows') }} as k on k.case_no = p.case_no and k.explained_family = 'drift'
    left join {{ ref('driftline_drift') }} as d
        on d.monitor = k.monitor and d.window_periods = k.window_periods and d.window_start = k.window_start
        and d.column_name = k.column_name and d.column_role = k.column_role and d.baseline = k.drift_baseline
        and d.model_version = case when p.kind = 'version' then p.value else k.model_version end
        and d.segment = case when p.kind = 'version' then k.segment else p.name end
        and d.segment_value = case when p.kind = 'version' then k.segment_value else p.value end
    union all
    select
        w.case_no, 'bin', k.column_name, b.text, w.term, 'psi', sum(w.term) over (partition by w.case_no), w.q_bin_share - w.p_bin_share, {{ null_double }}, 'share',
        {{ null_double }}, {{ null_double }}, {{ null_double }}, w.q_bin_share, w.p_bin_share,
        k.column_name || ' ' || b.text || ': ' || {{ driftline._percent('w.q_bin_share') }} || ' of the rows instead of ' || {{ driftline._percent('w.p_bin_share') }}
    from psi_weights as w
    join {{ ref('driftline_explained_windows') }} as k on k.case_no = w.case_no
    join bin_texts as b on b.monitor = k.monitor and b.column_name = k.column_name and b.column_role = k.column_role and b.part = w.part and b.is_group = 1
    where w.kind = 'total'
),

ranked as (
    select
        causes.*,
        row_number() over (
            partition by case_no, cause_kind
            order by abs(contribution) desc, {{ driftline._byte_order('cause_name') }}, {{ driftline._byte_order('cause_value') }}
        ) as cause_rank
    from causes
    where contribution <> 0
)

select
    k.monitor, k.model_version, k.segment, k.segment_value,
    cast(k.window_periods as {{ dbt.type_int() }}) as window_periods, k.window_start, k.window_end,
    k.alert_id, k.family, k.metric, k.column_name, k.baseline,
    k.is_first_window, k.is_peak_window, k.is_last_window,
    {{ driftline._as_text('r.cause_kind') }} as cause_kind,
    cast(r.cause_rank as {{ dbt.type_int() }}) as cause_rank,
    {{ driftline._as_text('r.cause_name') }} as cause_name,
    {{ driftline._as_text('r.cause_value') }} as cause_value,
    {{ driftline._as_double('r.contribution') }} as contribution,
    {{ driftline._as_text('r.contribution_unit') }} as contribution_unit,
    {{ driftline._as_double('r.contribution / nullif(r.whole, 0)') }} as share,
    {{ driftline._as_double('r.shares_effect') }} as shares_effect,
    {{ driftline._as_double('r.rates_effect') }} as rates_effect,
    {{ driftline._as_text('r.effect_unit') }} as effect_unit,
    {{ driftline._as_double('r.value') }} as value,
    {{ driftline._as_double('r.expected') }} as expected,
    {{ driftline._as_double('r.weight') }} as weight,
    {{ driftline._as_double('r.row_share') }} as row_share,
    {{ driftline._as_double('r.expected_row_share') }} as expected_row_share,
    {{ driftline._as_text('r.description') }} as description
from ranked as r
join {{ ref('driftline_explained_windows') }} as k on k.case_no = r.case_no
where r.cause_rank <= {{ most_causes }}
