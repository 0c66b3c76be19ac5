{{ driftline._keep_windows() }}
{%- if driftline._is_needed(['drift']) -%}
{%- set distances = driftline._distances() -%}
{{- driftline._need_whole_steps() }}

-- The distances of all pairs, put together, and beside each its noise: what the reference's own windows reach beyond
-- chance, and what chance makes of it at these row counts (decisions 4 and 16).
with results as (
    {{ driftline._pair_results("s.baseline <> 'noise'") }}
),

changes as (
    select distinct monitor, spec_hash, rules_hash, changed_from from {{ ref('driftline_int_scopes') }}
),

columns as (
    select distinct column_no, column_name, column_role, column_kind from {{ ref('driftline_int_bins') }}
),

computed as (
    select
        w.monitor as monitor, w.model_version as model_version, w.segment as segment, w.segment_value as segment_value,
        cast(r.window_periods as {{ dbt.type_int() }}) as window_periods, w.window_start, w.window_end,
        {{ driftline._is_total('w') }} as is_total,
        c.column_name as column_name, c.column_role as column_role, c.column_kind, r.baseline,
        case when r.baseline = 'reference' then r.reference_model_version else w.model_version end
            as baseline_model_version,
        w.is_complete,
        cast(coalesce(r.n, 0) as {{ dbt.type_bigint() }}) as row_count,
        cast(coalesce(r.baseline_n, 0) as {{ dbt.type_bigint() }}) as baseline_row_count,
        {%- for distance in distances %}
        {%- set name = distance.name %}
        r.{{ name }} as {{ name }},
        {%- for column in distance.columns or {} %}
        {{ 'cast(r.' ~ column ~ ' as ' ~ dbt.type_int() ~ ') as ' ~ column if column.endswith('_df') else 'r.'
            ~ column }},
        {%- endfor %}
        {%- if name ~ '_critical' in model.columns %}
        r.{{ name }}_critical,
        {%- endif %}
        {%- if distance.floor %}
        f.{{ name }} as {{ distance.floor }},
        {%- endif %}
        {#- The reference's windows may be smaller than this one and noisier for that alone: what they reach beyond
            chance is added to what chance reaches here. -#}
        {%- set reached = 'f.' ~ name ~ '_excess + r.' ~ name ~ '_expected' %}
        case when {{ reached }} > r.{{ name }}_critical then {{ reached }} else r.{{ name }}_critical end
            as {{ distance.noise or name ~ '_noise' }},
        {%- endfor %}
        {{ driftline._as_text("""case
            when coalesce(r.n, 0) = 0 then 'no rows in the window'
            when coalesce(r.baseline_n, 0) = 0 then 'no rows in the baseline'
            when c.column_kind = 'numeric' and r.ks_lower is null then 'no values but NULL or NaN on one side'
            when c.column_kind = 'numeric' and r.wasserstein is null then 'no finite values on one side'
            when r.chi_squared is null then 'too few rows or values for chi-squared'
        end""") }} as reason,
        h.spec_hash as spec_hash,
        {{ driftline._as_text('h.rules_hash') }} as rules_hash,
        {{ driftline._as_timestamp('g.computed_at') }} as computed_at
    from results as r
    join {{ ref('driftline_int_windows') }} as w
        on w.slice_no = r.slice_no and w.window_periods = r.window_periods and w.period_index = r.period_index
        and w.source = 'relation'
    join {{ ref('driftline_int_slices') }} as g on g.slice_no = r.slice_no
    join changes as h on h.monitor = w.monitor
    join columns as c on c.column_no = r.column_no
    left join {{ ref('driftline_int_drift_noise') }} as f
        on f.monitor = w.monitor and f.segment = w.segment and f.segment_value = w.segment_value
        and f.model_version = r.reference_model_version
        and f.window_periods = r.window_periods and f.column_name = c.column_name and f.column_role = c.column_role
)

select {{ driftline._columns_of('c') }} from computed as c
{{- driftline._and_kept_windows() }}
{%- else -%}{{ driftline._empty() }}{%- endif %}
