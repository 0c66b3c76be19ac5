{{ config(materialized=driftline._step_materialization('concept')) }}
{%- if driftline._is_needed(['concept']) -%}
{%- set pair = 'is_noise, slice_no, window_periods, period_index, column_no' -%}
{%- set held = 'over (partition by e.held_against, e.window_periods, e.column_no)' -%}
{%- set targets = driftline._concept_targets() -%}
{%- set tested = ['label', 'calibration'] -%}
{%- set mean_of_absolute = driftline._mean_of_absolute() %}

-- What the bins come to: how much of a change is their shares' and how much their rates', how far chance alone would
-- bring each, and how far the reference's own windows are from the rest of it.
with measured as (
    select
        {{ pair }},
        sum(q_l) as q_total, sum(p_l) as p_total, sum(reference_l) as reference_total,
        sum(case when is_compared then 1 else 0 end) as compared_bins,
        sum(case when label_cell < -999 then 1 else 0 end) as pooled_bins,
        sum(case when p_l > 0 then 0e0 else q_share end) as unmatched_share,
        1e0 / nullif(sum(q_l) * (sum(q_l) / nullif(sum(q_l2), 0)), 0) + 1e0
            / nullif(sum(p_l) * (sum(p_l) / nullif(sum(p_l2), 0)), 0) as inverse_rows
        {%- for name in targets %},
        sum({{ targets[name].sum | replace('@', 'q_') }}) / nullif(sum(q_l), 0) as {{ name }}_mean,
        sum({{ targets[name].sum | replace('@', 'p_') }}) / nullif(sum(p_l), 0) as reference_{{ name }}_mean,
        -- A mean that is not there although there are labels is too large to be squared.
        max(case when (q_l > 0 and q_{{ name }}_variance is null) or (p_l > 0 and p_{{ name }}_variance is null) then 1
            else 0 end) as {{ name }}_missing,
        sum((q_share - p_share) * {{ name }}_mean_of_sides) as {{ name }}_shares_effect,
        coalesce(sum(mean_share * {{ name }}_difference), 0e0) as {{ name }}_rates_effect,
        coalesce(sum(mean_share * mean_share * {{ name }}_difference_variance), 0e0) as {{ name }}_rates_variance,
        sum({{ name }}_information) as {{ name }}_information,
        max(greatest(coalesce(q_{{ name }}_size, 0e0), coalesce(p_{{ name }}_size, 0e0))) as {{ name }}_size,
        sum(mean_share * ({{ name }}_mean_of_sides - {{ targets[name].centre }})) as {{ name }}_centred_mean,
        sum(mean_share * {{ driftline._squared('(' ~ name ~ '_mean_of_sides - ' ~ targets[name].centre ~ ')') }})
            as {{ name }}_centred_squares
        {%- endfor %}
        {%- for name in tested %},
        coalesce(sum(mean_share * {{ driftline._squared(name ~ '_difference') }}), 0e0) as {{ name }}_shift_squared,
        coalesce(sum(mean_share * {{ name }}_difference_variance), 0e0) as {{ name }}_shift_expected,
        coalesce(sum({{ name }}_spread * {{ driftline._squared('(mean_share * ' ~ name ~ '_difference_variance)') }}),
            0e0) as {{ name }}_shift_spread
        {%- endfor %}
    from {{ ref('driftline_int_concept_bins') }}
    group by {{ pair }}
),

-- How far each effect is from nothing, and how far chance alone would bring it.
effects as (
    select
        {{ pair }}, q_total, p_total, compared_bins, pooled_bins, unmatched_share, is_noise = 1
            and q_total = reference_total as is_reference
        {%- for name in targets %},
        {{ name }}_mean, reference_{{ name }}_mean, {{ name }}_missing, {{ name }}_information,
        {{ name }}_shares_effect, {{ name }}_rates_effect,
        sqrt({{ name }}_rates_variance) as {{ name }}_rates_error,
        sqrt({{ driftline._variance(name ~ '_centred_squares', driftline._squared(name ~ '_centred_mean'),
            '(q_total + p_total)', 'abs(' ~ name ~ '_centred_mean) * ' ~ name ~ '_size') }}
            * inverse_rows) as {{ name }}_shares_error
        {%- endfor %}
        {%- for name in tested %},
        sqrt({{ name }}_shift_squared) as {{ name }}_shift,
        sqrt({{ name }}_shift_expected) as {{ name }}_shift_error,
        -- A sum of squares with unequal variances is as good as χ² with this many degrees of freedom (Satterthwaite).
        case when {{ name }}_shift_spread > 0 then {{ name }}_shift_expected / {{ name }}_shift_spread
            * {{ name }}_shift_expected end as {{ name }}_shift_df
        {%- endfor %}
    from measured
)

-- What the reference's own windows reach beyond chance, each against the rest of the reference. One window says
-- nothing.
select
    e.*,
    case when count(case when e.is_reference and e.compared_bins > 0 then 1 end) {{ held }} > 1 then 1 end as has_floor
    {%- for name in targets -%}
    {%- for effect in ['shares', 'rates'] %},
    max(case when e.is_reference and e.compared_bins > 0 and e.{{ name }}_missing = 0
        then greatest(abs(e.{{ name }}_{{ effect }}_effect) - {{ mean_of_absolute }} * e.{{ name }}_{{ effect }}_error,
        0e0) end) {{ held }} as {{ name }}_{{ effect }}_excess
    {%- endfor -%}
    {%- endfor %}
    {%- for name in tested %},
    max(case when e.is_reference and e.compared_bins > 0 and e.{{ name }}_missing = 0
        then greatest(e.{{ name }}_shift - e.{{ name }}_shift_error, 0e0) end) {{ held }} as {{ name }}_shift_excess
    {%- endfor %}
from (
    select effects.*, case when is_noise = 1 then o.own_reference else o.held_against end as held_against
    from effects
    join {{ ref('driftline_int_concept_scopes') }} as o on o.slice_no = effects.slice_no
) as e
{%- else -%}{{ driftline._empty() }}{%- endif %}
