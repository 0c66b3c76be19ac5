{{ config(materialized=driftline._step_materialization('concept')) }}
{%- if driftline._is_needed(['concept']) -%}
{%- set pair = 'is_noise, slice_no, window_periods, period_index, column_no' -%}
{%- set tested = ['label', 'calibration'] -%}
{%- set enough = driftline._concept_enough() %}

-- The chi-squared tests of the bins' differences: whether the label, or its distance from the prediction, comes about
-- as it did.
with cells as (
    {%- for name in tested %}
    select
        {{ pair }}, '{{ name }}' as target, {{ name }}_cell as cell,
        sum({{ name }}_information) as information,
        sum(rows_of_difference * {{ name }}_difference) as difference,
        sum(rows_of_difference * {{ name }}_variance) as variance,
        count(*) as bins
    from {{ ref('driftline_int_concept_bins') }}
    where {{ name }}_cell is not null
    group by {{ pair }}, {{ name }}_cell
    having sum({{ name }}_information) >= {{ enough }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

chi_squared as (
    select
        {{ pair }}, target,
        sum(case when variance > 0 then {{ driftline._squared('(difference / sqrt(variance))') }} else 0e0 end)
            as chi_squared,
        count(*) as df
    from cells
    where is_noise = 0
    group by {{ pair }}, target
),

chi_squared_terms as (
    {{ driftline._needed_chi_squared_terms() }}
)

select
    {% for key in pair.split(', ') %}x.{{ key }}, {% endfor %}x.target, x.chi_squared, x.df,
    case
        when x.chi_squared = 0e0 then 1e0
        else {{ driftline._chi_squared_tail('x', 'x.positive') }}
    end as p_value
from (
    select
        {{ pair }}, target, chi_squared, df, sqrt(chi_squared / 2e0) as root,
        case when chi_squared > 0 then chi_squared else 1e0 end as positive,
        cast(mod(df, 2) as {{ dbt.type_int() }}) as parity,
        cast(floor(df / 2.0) as {{ dbt.type_int() }}) as half
    from chi_squared
) as x
left join chi_squared_terms as t on t.parity = x.parity and t.term between x.parity and x.half - 1 + x.parity
group by {% for key in pair.split(', ') %}x.{{ key }}, {% endfor %}x.target, x.chi_squared, x.df
{%- else -%}{{ driftline._empty() }}{%- endif %}
