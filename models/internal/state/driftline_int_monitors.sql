{{ config(materialized='view') }}
{%- do driftline._check_variables() %}

select
    monitor,
    max(spec_hash) as spec_hash,
    {%- for setting in ['period', 'timezone', 'task'] %}
    max(case when column_name = '{{ setting }}' then bin_label end) as {{ setting }},
    {%- endfor %}
    {{ driftline._as_double("max(case when column_name = 'decision_threshold' then bin_label end)") }}
        as decision_threshold,
    {{ driftline._as_double("max(case when column_name = 'decision_cut' then bin_label end)") }} as decision_cut,
    {%- for setting in ['label_delay', 'ranking_k'] %}
    cast(max(case when column_name = '{{ setting }}' then bin_label end) as {{ dbt.type_int() }}) as {{ setting }},
    {%- endfor %}
    {{ driftline._as_double("max(case when column_name = 'min_labelled_share' then bin_label end)") }}
        as min_labelled_share,
    {%- for setting in ['has_label', 'has_prediction'] %}
    max(case when column_name = '{{ setting }}' and bin_label = '1' then 1 else 0 end) as {{ setting }},
    {%- endfor %}
    -- A state that an earlier version has written does not say what is computed for whom.
    {%- for setting, default in {
        'detail': 'total', 'baselines': driftline._baselines() | join(', '),
            'families': driftline._families() | join(', '),
    }.items() %}
    coalesce(max(case when column_name = '{{ setting }}' then bin_label end), '{{ default }}') as {{ setting }},
    {%- endfor %}
    {%- for setting in ['owner', 'formerly', 'relation_name', 'reference_start', 'reference_end', 'reference_exclude',
        'run_started_at'] %}
    max(case when column_name = '{{ setting }}' then bin_label end) as {{ setting }},
    {%- endfor %}
    {{ driftline._as_timestamp("max(case when column_name = 'as_of' then bin_label end)") }} as as_of,
    {%- set rows_read = "max(case when column_name = 'rows_read' then bin_label end)" %}
    cast({{ rows_read }} as {{ dbt.type_bigint() }}) as rows_read,
    max(computed_at) as computed_at
from ({{ driftline._from_monitors('setting') }}) as settings
group by monitor
