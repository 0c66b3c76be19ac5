{#
    The effects of windows, with `is_noise` 0 of those that are computed, 1 of the reference's own: two CTEs, `measured`
    and `effects`. How far each effect is from nothing, and how far chance alone would bring it.
#}
{% macro _concept_effects(is_noise) %}
    {%- set pair = 'is_noise, slice_no, window_periods, period_index, column_no' -%}
    {%- set targets = driftline._concept_targets() %}
measured as (
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
        max(case when q_l > 0 and q_{{ name }}_variance is null or p_l > 0 and p_{{ name }}_variance is null then 1
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
        {%- for name in ['label', 'calibration'] %},
        coalesce(sum(mean_share * {{ driftline._squared(name ~ '_difference') }}), 0e0) as {{ name }}_shift_squared,
        coalesce(sum(mean_share * {{ name }}_difference_variance), 0e0) as {{ name }}_shift_expected,
        coalesce(sum({{ name }}_spread * {{ driftline._squared('(mean_share * ' ~ name ~ '_difference_variance)') }}),
            0e0) as {{ name }}_shift_spread
        {%- endfor %}
    from {{ ref('driftline_int_concept_bins') }}
    where is_noise = {{ is_noise }}
    group by {{ pair }}
),

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
        {%- for name in ['label', 'calibration'] %},
        sqrt({{ name }}_shift_squared) as {{ name }}_shift,
        sqrt({{ name }}_shift_expected) as {{ name }}_shift_error,
        -- A sum of squares with unequal variances is as good as χ² with this many degrees of freedom (Satterthwaite).
        case when {{ name }}_shift_spread > 0 then {{ name }}_shift_expected / {{ name }}_shift_spread
            * {{ name }}_shift_expected end as {{ name }}_shift_df
        {%- endfor %}
    from measured
)
{% endmacro %}


{# The names of what the reference's own windows reach beyond chance, by effect. #}
{% macro _concept_excesses() %}
    {%- set names = [] -%}
    {%- for target in driftline._concept_targets() -%}
        {%- do names.extend([target ~ '_shares_excess', target ~ '_rates_excess']) -%}
    {%- endfor -%}
    {{- return(names + ['label_shift_excess', 'calibration_shift_excess']) -}}
{% endmacro %}
