{{ config(materialized=driftline._step_materialization('drift')) }}
{%- if driftline._is_needed(['drift']) -%}
{%- set earlier = ['previous', 'trailing', 'seasonal'] %}

-- Every window of every column next to each of its baselines, numbered: how many rows, how far the values reach. What
-- is in the window is taken out of the reference, so that no window is part of its own baseline.
with baselines as (
    -- noise stands for the rest of the reference, held against the reference's own windows.
    select
        g.slice_no, f.window_periods,
        case when f.baseline = 'window' then {{ driftline._text('noise') }} else f.baseline end as baseline
    from {{ ref('driftline_int_slices') }} as g
    join {{ ref('driftline_int_frames') }} as f on f.monitor = g.monitor and f.is_detailed = g.is_detailed
    where {{ driftline._of_family('drift', 'g.monitor') }}
),

reference_columns as (
    select
        r.slice_no as slice_no, c.column_no, max(r.reference_model_version) as reference_model_version,
        sum(case when c.bin_kind <> 'moments' then r.n end) as n,
        sum(case when c.bin_kind = 'moments' then r.w end) as finites,
        sum(case when c.bin_kind = 'moments' then r.v end) as value_sum,
        sum(case when c.bin_kind = 'moments' then r.d2 end) as deviation_sq_sum,
        min(r.value_min) as value_min,
        max(r.value_max) as value_max
    from {{ ref('driftline_int_reference') }} as r
    join {{ ref('driftline_int_bins') }} as c on c.bin_no = r.bin_no
    where c.column_role in ('feature', 'prediction', 'label')
    group by r.slice_no, c.column_no
),

-- Deviations are taken from a frozen centre.
centres as (
    select c.column_no, coalesce(max(b.bin_lower), 0) as centre
    from {{ ref('driftline_int_bins') }} as c
    left join {{ ref('driftline_bins') }} as b
        on b.monitor = c.monitor and b.column_name = c.column_name and b.column_role = c.column_role
        and b.bin_kind = 'centre'
    where c.bin_kind = 'moments'
    group by c.column_no
)

select
    row_number() over (order by r.slice_no, r.window_periods, r.period_index, r.column_no, b.baseline) as pair_no,
    r.slice_no as slice_no, r.window_periods as window_periods, r.period_index, r.column_no as column_no, b.baseline,
    f.reference_model_version,
    r.n as n, r.value_min as value_min, r.value_max as value_max, e.centre, r.finites as finites,
    r.value_sum as value_sum, r.deviation_sq_sum as deviation_sq_sum,
    {%- for name in ['finites', 'value_sum', 'deviation_sq_sum'] %}
    case b.baseline
        {%- for baseline in earlier %} when '{{ baseline }}' then r.{{ baseline }}_{{ name }}{% endfor %}
        else case when {{ driftline._is_left('f.finites', 'r.reference_finites') }}
            {%- if name == 'deviation_sq_sum' %}
            -- Where the window has nearly all that the reference deviates, what is left is rounding.
            and f.{{ name }} - r.reference_{{ name }} > 1e-6 * f.{{ name }}
            {%- endif %}
            then f.{{ name }} - r.reference_{{ name }} end
    end as baseline_{{ name }},
    {%- endfor %}
    case b.baseline
        {%- for baseline in earlier %} when '{{ baseline }}' then coalesce(r.{{ baseline }}_n, 0){% endfor %}
        else coalesce(f.n, 0) - r.reference_n
    end as baseline_n,
    {%- for end in ['min', 'max'] %}
    case b.baseline
        {%- for baseline in earlier %} when '{{ baseline }}' then r.{{ baseline }}_value_{{ end }}{% endfor %}
        else f.value_{{ end }}
    end as baseline_{{ end }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ ref('driftline_int_rolling_columns') }} as r
join {{ ref('driftline_int_scopes') }} as o on o.slice_no = r.slice_no
join baselines as b on b.slice_no = r.slice_no and b.window_periods = r.window_periods
left join reference_columns as f on f.slice_no = r.slice_no and f.column_no = r.column_no
left join centres as e on e.column_no = r.column_no
where case
    when b.baseline = 'noise'
        then r.n > 0 and r.n = r.reference_n and {{ driftline._tells_noise('r', 'o') }}
    else {{ driftline._is_computed('r', 'o') }}
end
{%- else -%}{{ driftline._empty() }}{%- endif %}
