{{ driftline._result('table') }}
{%- if driftline._is_needed() -%}
{%- set most_causes = 10 -%}
{%- set columns = [
    'case_no', 'cause_kind', 'cause_name', 'cause_value', 'contribution', 'contribution_unit', 'whole', 'shares_effect',
    'rates_effect', 'effect_unit', 'value', 'expected', 'weight', 'row_share', 'expected_row_share', 'description',
] %}

-- What is behind each alert, the largest contributions of each kind first; bins with next to no rows come last.
with causes as (
    {%- for kind in ['columns', 'ratio', 'psi'] %}
    select {{ columns | join(', ') }} from {{ ref('driftline_int_causes_' ~ kind) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

ranked as (
    select
        causes.*,
        row_number() over (
            partition by case_no, cause_kind
            order by
                case when cause_kind = 'bin' and {{ driftline._most('row_share', 'expected_row_share') }} < 0.01
                    then 1 else 0 end,
                abs(contribution) desc,
                {{ driftline._byte_order('cause_name') }}, {{ driftline._byte_order('cause_value') }}
        ) as cause_rank
    from causes
    where contribution <> 0
)

select
    k.monitor, k.model_version, k.segment, k.segment_value,
    cast(k.window_periods as {{ dbt.type_int() }}) as window_periods, k.window_start, k.window_end,
    k.alert_id, k.family, k.metric, k.column_name as column_name, k.baseline,
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
join {{ ref('driftline_int_explained_windows') }} as k on k.case_no = r.case_no
where r.cause_rank <= {{ most_causes }}
{%- else -%}{{ driftline._empty() }}{%- endif %}
