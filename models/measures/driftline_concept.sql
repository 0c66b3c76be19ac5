{{ driftline._keep_windows() }}
{%- if driftline._is_needed(['concept']) -%}
{%- set targets = driftline._concept_targets() -%}
{%- set tested = ['label', 'calibration'] -%}
{%- set enough = driftline._concept_enough() -%}
{%- set mean_of_absolute = driftline._mean_of_absolute() -%}
{%- set null_double = driftline._as_double('null') -%}
{%- set z_one_sided = driftline._normal_tail(driftline._alpha()) -%}
{%- set z_two_sided = driftline._normal_tail(driftline._alpha() / 2) -%}
{{- driftline._need_whole_steps() -}}
{%- set carried = ['q_total', 'p_total', 'compared_bins', 'pooled_bins', 'unmatched_share', 'has_floor'] -%}
{%- for name in targets -%}
    {%- for column in ['mean', 'missing', 'information', 'shares_effect', 'rates_effect', 'rates_error',
            'shares_error', 'shares_excess', 'rates_excess']
            + (['shift', 'shift_error', 'shift_df', 'shift_excess'] if name in tested else []) -%}
        {%- do carried.append(name ~ '_' ~ column) -%}
    {%- endfor -%}
    {%- do carried.append('reference_' ~ name ~ '_mean') -%}
{%- endfor -%}
{%- set names = ['monitor', 'model_version', 'segment', 'segment_value', 'window_start', 'window_end', 'is_complete',
    'is_mature', 'row_count', 'labelled_share', 'labelled_n', 'reference_labelled_n'] -%}
{%- set of_column = ['column_name', 'column_role', 'column_kind'] -%}
{%- set of_scope = ['spec_hash', 'rules_hash', 'computed_at', 'has_label_mean', 'has_prediction'] -%}
{%- set found = [] -%}
{%- for name in tested -%}
    {%- for column in ['chi_squared', 'df', 'p_value'] -%}
        {%- do found.append({'name': name ~ '_' ~ column, 'target': name, 'column': column}) -%}
    {%- endfor -%}
{%- endfor %}

-- What moved between inputs and label: effects and tests by window and column. They are put together by grouping: some
-- planners take every step here for a single row, and would try all pairs.
with columns as (
    select c.monitor, c.column_no, c.column_name, c.column_role, c.column_kind
    from {{ ref('driftline_int_bins') }} as c
    where c.column_role in ('feature', 'prediction')
    group by c.monitor, c.column_no, c.column_name, c.column_role, c.column_kind
),

labelled as (
    select
        r.slice_no, r.window_periods, r.period_index, r.n as labelled_n,
        coalesce(f.n, 0) - r.reference_n as reference_labelled_n
    from {{ ref('driftline_int_rolling_measures') }} as r
    left join {{ ref('driftline_int_reference') }} as f on f.slice_no = r.slice_no and f.bin_no = r.bin_no
    where r.column_role = 'performance' and r.measure = 'labelled'
),

named as (
    select
        slice_no, window_periods, period_index
        {%- for name in names %}, max({{ name }}) as {{ name }}{% endfor %}
    from (
        select
            slice_no, window_periods, period_index, monitor, model_version, segment, segment_value, window_start,
            window_end,
            case when is_complete then 1 else 0 end as is_complete, 0 as is_mature,
            {{ null_double }} as row_count, {{ null_double }} as labelled_share, {{ null_double }} as labelled_n,
            {{ null_double }} as reference_labelled_n
        from {{ ref('driftline_int_windows') }}
        where source = 'relation' and has_reference
        union all
        select
            slice_no, window_periods, period_index, null, null, null, null, null, null, null,
            case when is_mature then 1 else 0 end,
            row_count, labelled_share, null, null
        from {{ ref('driftline_int_maturity') }}
        union all
        select
            slice_no, window_periods, period_index, null, null, null, null, null, null, null, null, null, null,
            labelled_n, reference_labelled_n
        from labelled
    ) as all_parts
    group by slice_no, window_periods, period_index
    having max(monitor) is not null
),

assembled as (
    select
        slice_no, window_periods, period_index, column_no
        {%- for name in names + of_column + of_scope + carried %}, max({{ name }}) as {{ name }}{% endfor %}
        {%- for column in found %}, max({{ column.name }}) as {{ column.name }}{% endfor %}
    from (
        select w.slice_no as slice_no, w.window_periods, w.period_index, c.column_no
            {%- for name in names %}, w.{{ name }} as {{ name }}{% endfor %}
            {%- for name in of_column %}, c.{{ name }} as {{ name }}{% endfor %}
            {%- for name in of_scope %}, o.{{ name }}{% endfor %}
            {%- for name in carried %}, {{ null_double }} as {{ name }}{% endfor %}
            {%- for column in found %}, {{ null_double }} as {{ column.name }}{% endfor %}
        from named as w
        join {{ ref('driftline_int_concept_scopes') }} as o on o.slice_no = w.slice_no
            and w.period_index >= o.changed_from_index
        join columns as c on c.monitor = w.monitor
        union all
        select slice_no, window_periods, period_index, column_no
            {%- for name in names + of_column + of_scope %}, null{% endfor %}
            {%- for name in carried %}, {{ driftline._as_sum(name) }}{% endfor %}
            {%- for column in found %}, null{% endfor %}
        from {{ ref('driftline_int_concept_effects') }}
        where is_noise = 0
        union all
        select slice_no, window_periods, period_index, column_no
            {%- for name in names + of_column + of_scope + carried %}, null{% endfor %}
            {%- for column in found %},
            case when target = '{{ column.target }}' then {{ driftline._as_sum(column.column) }} end{% endfor %}
        from {{ ref('driftline_int_concept_tests') }}
    ) as all_parts
    group by slice_no, window_periods, period_index, column_no
    having max(monitor) is not null
),

computed as (
    select
        e.monitor, e.model_version, e.segment, e.segment_value,
        cast(e.window_periods as {{ dbt.type_int() }}) as window_periods, e.window_start, e.window_end,
        {{ driftline._is_total('e') }} as is_total,
        e.column_name, e.column_role, e.column_kind, e.is_complete = 1 as is_complete,
        e.is_mature = 1 as is_mature,
        cast(coalesce(e.row_count, 0) as {{ dbt.type_bigint() }}) as row_count,
        cast(coalesce(e.labelled_n, 0) as {{ dbt.type_bigint() }}) as labelled_row_count,
        cast(coalesce(e.reference_labelled_n, 0) as {{ dbt.type_bigint() }}) as reference_labelled_row_count,
        {{ driftline._as_double('e.labelled_share') }} as labelled_share,
        cast(coalesce(e.compared_bins, 0) as {{ dbt.type_int() }}) as compared_bins,
        cast(coalesce(e.pooled_bins, 0) as {{ dbt.type_int() }}) as pooled_bins,
        {{ driftline._as_double('case when e.q_total > 0 and e.p_total > 0 then e.unmatched_share end') }}
            as unmatched_share,
        {%- for name in targets %}
        {%- set there = 'case when e.compared_bins > 0 and e.' ~ name ~ '_missing = 0 then ' %}
        {%- set of = 'e.' ~ name %}
        {%- set informed = 'case when e.compared_bins > 0 and ' ~ of ~ '_missing = 0 and ' ~ of
            ~ '_information >= ' ~ enough ~ ' then ' %}
        {%- set applies = 'case when ' ~ targets[name].applies ~ ' then ' %}
        {{ driftline._as_double(applies ~ 'e.' ~ name ~ '_mean end') }} as {{ name }}_mean,
        {{ driftline._as_double(applies ~ 'e.reference_' ~ name ~ '_mean end') }} as reference_{{ name }}_mean,
        {{ driftline._as_double(applies ~ of ~ '_mean - e.reference_' ~ name ~ '_mean end') }} as {{ name }}_change,
        {%- for effect in ['shares', 'rates'] %}
        {%- set error = 'e.' ~ name ~ '_' ~ effect ~ '_error' %}
        {{ driftline._as_double(there ~ of ~ '_' ~ effect ~ '_effect end') }} as {{ name }}_{{ effect }}_effect,
        {{ driftline._as_double(there ~ error ~ ' end') }} as {{ name }}_{{ effect }}_standard_error,
        {%- set chance = z_two_sided ~ ' * ' ~ error %}
        {{ driftline._as_double(informed ~ 'greatest(' ~ chance ~ ', coalesce(e.has_floor * ' ~ of ~ '_' ~ effect
            ~ '_excess + ' ~ mean_of_absolute ~ ' * ' ~ error ~ ', ' ~ chance ~ ')) end') }}
            as {{ name }}_{{ effect }}_noise,
        {%- endfor %}
        {{ driftline._as_double(there ~ 'e.reference_' ~ name ~ '_mean + ' ~ of ~ '_rates_effect end') }}
            as {{ name }}_mean_standardized,
        {%- if name in tested %}
        {{ driftline._as_double(there ~ 'e.' ~ name ~ '_shift end') }} as {{ name }}_shift,
        {%- set df = '(9e0 * ' ~ of ~ '_shift_df)' %}
        {%- set chance = of ~ '_shift_error * sqrt(power(greatest(1e0 - 2e0 / ' ~ df ~ ' + ' ~ z_one_sided
            ~ ' * sqrt(2e0 / ' ~ df ~ '), 0e0), 3))' %}
        {{ driftline._as_double(informed ~ 'greatest(' ~ chance ~ ', coalesce(e.has_floor * ' ~ of ~ '_shift_excess + '
            ~ of ~ '_shift_error, ' ~ chance ~ ')) end') }} as {{ name }}_shift_noise,
        {{ driftline._as_double(there ~ 'e.' ~ name ~ '_chi_squared end') }} as {{ name }}_chi_squared,
        cast({{ there }}e.{{ name }}_df end as {{ dbt.type_int() }}) as {{ name }}_chi_squared_df,
        {{ driftline._as_double(there ~ 'case when ' ~ of ~ '_p_value > 1e0 then 1e0 else ' ~ of
            ~ '_p_value end end') }} as {{ name }}_p_value,
        {%- endif %}
        {%- endfor %}
        {{ driftline._as_text("case
            when coalesce(e.row_count, 0) = 0 then 'no rows in the window'
            when coalesce(e.q_total, 0) = 0 then 'no labelled rows in the window'
            when coalesce(e.p_total, 0) = 0 then 'no labelled rows in the reference'
            when greatest(e.label_missing * e.has_label_mean,
                e.calibration_missing * e.has_label_mean * e.has_prediction, e.loss_missing * e.has_prediction) > 0
                then 'labels or errors too large to be squared'
            when e.compared_bins = 0 then 'no bin with labelled rows on both sides'
            when e.has_label_mean = 1 and e.label_df is null
                then 'too few labelled rows, or too rare a label, for a test'
        end") }} as reason,
        e.spec_hash,
        {{ driftline._as_text('e.rules_hash') }} as rules_hash,
        {{ driftline._as_timestamp('e.computed_at') }} as computed_at
    from assembled as e
)

select {{ driftline._columns_of('c') }} from computed as c
{{- driftline._and_kept_windows() }}
{%- else -%}{{ driftline._empty() }}{%- endif %}
