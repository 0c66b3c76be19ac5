{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed(['performance', 'comparisons']) -%}
{%- set side = 'slice_no, window_periods, period_index, side' -%}
{%- set upwards = 'partition by ' ~ side ~ ', column_no order by bin' -%}
{%- set before = 'rows between unbounded preceding and 1 preceding' -%}
{#- The mean of |x| of a standard normal x. -#}
{%- set mean_of_absolute = '0.7978845608028654e0' -%}
{%- set of_groups = ['expected_calibration_error', 'calibration_chance', 'calibration_variance'] %}

-- What the order of the scores is worth, by side (as in driftline_int_model_sums) and score: areas, KS, precision and
-- capture, with the least and the most they can be given what the bins tell.
with scores as (
    select
        b.*,
        -- What rounding leaves of a row is no row.
        case when b.labelled - b.positives > 1e-12 * b.labelled then b.labelled - b.positives else 0e0 end as negatives,
        -- One value only: nothing to be unsure of.
        coalesce(b.bin_lower >= {{ driftline._just_below('b.bin_upper') }}, false) as is_one_value
    from ({{ driftline._score_sides(['performance']) }}) as b
),

ranked as (
    select
        {{ side }}, column_no, column_name, bin, bin_group, is_one_value, labelled, positives, negatives, score_sum,
        {%- for name in ['positives', 'negatives'] %}
        sum({{ name }}) over (partition by {{ side }}, column_no) as all_{{ name }},
        sum({{ name }}) over ({{ upwards }} rows unbounded preceding) as {{ name }}_to,
        coalesce(sum({{ name }}) over ({{ upwards }} {{ before }}), 0e0) as {{ name }}_below,
        {%- endfor %}
        -- Added up from the top, not subtracted from the total, so that nothing stays where there is nothing.
        coalesce(sum(positives) over ({{ upwards }} desc {{ before }}), 0e0) as positives_above,
        coalesce(sum(labelled) over ({{ upwards }} desc {{ before }}), 0e0) as labelled_above
    from scores
    where labelled > 0
),

terms as (
    select
        {{ side }}, column_no, column_name, all_positives, all_negatives, labelled, positives, score_sum, bin_group,
        positives * (negatives_below + 0.5e0 * negatives) as auc_term,
        case when is_one_value then 0e0 else 0.5e0 * positives * negatives end as auc_slack,
        abs(positives_to / nullif(all_positives, 0e0) - negatives_to / nullif(all_negatives, 0e0)) as ks_term,
        case
            when is_one_value
                then abs(positives_to / nullif(all_positives, 0e0) - negatives_to / nullif(all_negatives, 0e0))
            else greatest(
                positives_to / nullif(all_positives, 0e0) - negatives_below / nullif(all_negatives, 0e0),
                negatives_to / nullif(all_negatives, 0e0) - positives_below / nullif(all_positives, 0e0)
            )
        end as ks_upper_term,
        -- Average precision: what this bin's positives add, all at one threshold; in the best and the worst order;
        -- and evenly mixed.
        positives * (positives_above + positives) / (labelled_above + labelled) as tied_term,
        positives * (positives_above + positives) / nullif(labelled_above + positives, 0e0) as best_term,
        positives - case when labelled_above + negatives > 0 then
            (labelled_above - positives_above + negatives)
            * ln((labelled_above + labelled) / (labelled_above + negatives))
        else 0e0 end as worst_term,
        positives * (positives / labelled + case when labelled_above > 0 then
            (positives_above - positives * labelled_above / labelled) / labelled
            * ln((labelled_above + labelled) / labelled_above)
        else 0e0 end) as mixed_term,
        is_one_value,
        -- The part of the bin that is among the top tenth.
        case
            when 0.1e0 * (all_positives + all_negatives) - labelled_above >= labelled then labelled
            when 0.1e0 * (all_positives + all_negatives) > labelled_above
                then 0.1e0 * (all_positives + all_negatives) - labelled_above
            else 0e0
        end as taken,
        negatives
    from ranked
),

by_score as (
    select
        {{ side }}, column_no, column_name,
        max(all_positives) as all_positives, max(all_negatives) as all_negatives,
        sum(auc_term) / nullif(max(all_positives) * max(all_negatives), 0e0) as roc_auc,
        sum(auc_slack) / nullif(max(all_positives) * max(all_negatives), 0e0) as auc_slack,
        max(ks_term) as ks, max(ks_upper_term) as ks_upper,
        {%- for name, term in {'': 'mixed', '_lower': 'worst', '_upper': 'best'}.items() %}
        sum(case when is_one_value then tied_term else {{ term }}_term end) / nullif(max(all_positives), 0e0)
            as average_precision{{ name }},
        {%- endfor %}
        sum(positives * taken / labelled) / nullif(max(all_positives), 0e0) as capture,
        sum(case when taken > negatives then taken - negatives else 0e0 end) / nullif(max(all_positives), 0e0)
            as capture_lower,
        sum(least(taken, positives)) / nullif(max(all_positives), 0e0) as capture_upper
    from terms
    group by {{ side }}, column_no, column_name
),

calibration as (
    select
        {{ side }}, column_no, column_name,
        sum(abs(score_sum - positives)) / nullif(sum(labelled), 0e0) as expected_calibration_error,
        -- What chance adds to it of a perfect score, for rows of weight one: the half-normal means of the groups'
        -- errors; and the variance of their sum. One row of each kind more keeps a group that is all of one from being
        -- certain.
        {{ mean_of_absolute }} * sum(sqrt(labelled * rate * (1e0 - rate)))
            / nullif(sum(labelled), 0e0) as calibration_chance,
        sum(labelled * rate * (1e0 - rate)) / nullif(sum(labelled) * sum(labelled), 0e0) as calibration_variance
    from (select bins.*, (positives + 1e0) / (labelled + 2e0) as rate from (
        select {{ side }}, column_no, column_name, bin_group, sum(score_sum) as score_sum, sum(positives) as positives,
            sum(labelled) as labelled
        from ranked
        group by {{ side }}, column_no, column_name, bin_group
    ) as bins) as rated
    group by {{ side }}, column_no, column_name
)

{%- set columns = ['all_positives', 'all_negatives', 'roc_auc', 'auc_slack', 'ks', 'ks_upper', 'average_precision',
    'average_precision_lower', 'average_precision_upper', 'capture', 'capture_lower', 'capture_upper'] %}

-- Put together by grouping and not by a join: Postgres knows nothing of how many rows the steps before have.
select
    {{ side }}, column_no, column_name,
    {%- for column in columns %}
    max({{ column }}) as {{ column }},
    {%- endfor %}
    {%- for column in of_groups %}
    max({{ column }}) as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
from (
    select {{ side }}, column_no, column_name, {{ columns | join(', ') }}
        {%- for column in of_groups %}, {{ driftline._as_double('null') }} as {{ column }}{% endfor %}
    from by_score
    union all
    select {{ side }}, column_no, column_name, {% for column in columns %}null, {% endfor %}{{ of_groups | join(', ') }}
    from calibration
) as both_parts
group by {{ side }}, column_no, column_name
{%- else -%}{{ driftline._empty() }}{%- endif %}
