{{ driftline._keep_windows(indexes=driftline._indexes(['monitor', 'metric'])) }}
{%- if driftline._is_needed(['performance']) -%}
{{- driftline._need_whole_steps() }}

-- How good the model is: where labels are known, where they are estimated, and how far the estimate was off.
with versions as (
    select distinct slice_no, reference_model_version from {{ ref('driftline_int_reference') }}
),

-- What a window is set beside of what came before: this run's windows and those that are kept.
earlier as (
    select a.slice_no, a.window_periods, a.period_index, a.metric, a.class_name, a.basis, a.value
    from {{ ref('driftline_int_assessed') }} as a
    join {{ ref('driftline_int_scopes') }} as o on o.slice_no = a.slice_no and {{ driftline._is_computed('a', 'o') }}
    {%- if driftline._has_earlier_rows() %}
    union all
    select
        g.slice_no as slice_no, t.window_periods,
        case g.period
            {%- for window in driftline._windows() %}
            when '{{ window.period }}' then {{ driftline._period_index('t.window_end', window.period) }} - 1
            {%- endfor %}
        end,
        t.metric, t.class_name, t.basis, t.value
    from {{ this }} as t
    join {{ ref('driftline_int_slices') }} as g
        on g.source = 'relation' and g.monitor = t.monitor and g.model_version = t.model_version
        and g.segment = t.segment and g.segment_value = t.segment_value
    join {{ ref('driftline_int_scopes') }} as o on o.slice_no = g.slice_no and t.window_end <= o.changed_from
    {%- endif %}
)

-- Left joins all the way: Postgres, which has no statistics of tables of this run, then keeps counting on as many
-- rows as there are, and joins by hashing. The window before lies as far back as this one is long, the season's as
-- far as whole seasons leave no overlap.
select
    w.monitor as monitor, w.model_version as model_version, w.segment as segment, w.segment_value as segment_value,
    cast(s.window_periods as {{ dbt.type_int() }}) as window_periods, w.window_start as window_start, w.window_end,
    {{ driftline._is_total('w') }} as is_total,
    {{ driftline._as_text('s.metric') }} as metric, {{ driftline._as_text('s.class_name') }} as class_name,
    {{ driftline._as_text('s.basis') }} as basis,
    w.is_complete,
    n.is_mature as is_mature,
    {{ driftline._as_double('s.value') }} as value,
    {{ driftline._as_double('s.value_lower') }} as value_lower,
    {{ driftline._as_double('s.value_upper') }} as value_upper,
    {{ driftline._as_double('s.standard_error') }} as standard_error,
    cast(coalesce(n.row_count, 0) as {{ dbt.type_bigint() }}) as row_count,
    cast(case when s.basis = 'estimated' then n.known_count else coalesce(s.metric_n, 0) end
        as {{ dbt.type_bigint() }}) as labelled_row_count,
    {{ driftline._as_double('n.labelled_share') }} as labelled_share,
    {{ driftline._as_double('s.reference_value') }} as reference_value,
    {{ driftline._as_double('s.reference_standard_error') }} as reference_standard_error,
    cast(s.reference_n as {{ dbt.type_bigint() }}) as reference_row_count,
    {{ driftline._as_double("case when s.sampling_noise is null and f.excess is null then null else greatest(
        coalesce(s.sampling_noise * coalesce(case when s.basis = 'realized' then f.dispersion end, 1e0), 0e0),
        coalesce(case when s.basis <> 'estimate_error' then f.excess + coalesce(s.sampling_expected, 0e0) end, 0e0)
    ) end") }} as noise,
    cast(case when s.basis = 'estimated' then n.row_count
        else coalesce(s.denominator_n, 0) end as {{ dbt.type_bigint() }}) as denominator_row_count,
    cast(s.reference_denominator_n as {{ dbt.type_bigint() }}) as reference_denominator_row_count,
    {{ driftline._as_double('p.value') }} as previous_value,
    {{ driftline._as_double('a.value') }} as seasonal_value,
    {{ driftline._as_text("coalesce(s.reason, case when s.basis <> 'realized' and s.value is null"
        ~ " then 'the labels of the reference are not final' end)") }} as reason
from {{ ref('driftline_int_assessed') }} as s
join {{ ref('driftline_int_scopes') }} as o on o.slice_no = s.slice_no and {{ driftline._is_computed('s', 'o') }}
left join {{ ref('driftline_int_slices') }} as g on g.slice_no = s.slice_no
left join {{ ref('driftline_int_windows') }} as w
    on w.slice_no = s.slice_no and w.window_periods = s.window_periods and w.period_index = s.period_index
left join {{ ref('driftline_int_maturity') }} as n on n.slice_no = s.slice_no and n.window_periods = s.window_periods
    and n.period_index = s.period_index
left join versions as v on v.slice_no = s.slice_no
left join {{ ref('driftline_int_performance_noise') }} as f
    on f.monitor = g.monitor and f.segment = g.segment and f.segment_value = g.segment_value
        and f.model_version = v.reference_model_version
    and f.window_periods = s.window_periods and f.metric = s.metric and f.class_name = s.class_name
left join earlier as p
    on p.slice_no = s.slice_no and p.window_periods = s.window_periods
        and p.period_index = s.period_index - s.window_periods
    and p.metric = s.metric and p.class_name = s.class_name and p.basis = s.basis
left join earlier as a
    on a.slice_no = s.slice_no and a.window_periods = s.window_periods
    and a.period_index = s.period_index - case
        {%- for window in driftline._windows() %}
        {%- for size in window.sizes %}
        when g.period = '{{ window.period }}' and s.window_periods = {{ size }}
            then {{ ((size + window.season - 1) // window.season) * window.season }}
        {%- endfor %}
        {%- endfor %}
    end
    and a.metric = s.metric and a.class_name = s.class_name and a.basis = s.basis
where {{ driftline._of_family('performance', 'g.monitor') }} and w.has_reference
{{- driftline._and_kept_windows() }}
{%- else -%}{{ driftline._empty() }}{%- endif %}
