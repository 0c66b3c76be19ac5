{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed(['concept']) -%}

-- Whom the relation of inputs and label is looked at for: groups of monitors with a label that has a mean, or with a
-- prediction.
with monitored as (
    select
        c.monitor as monitor, m.has_prediction,
        case when m.task = 'binary' then 1 else 0 end as is_binary,
        case when m.task in ('binary', 'regression') then 1 else 0 end as has_label_mean,
        coalesce(b.centre, 0e0) as centre
    from (select monitor from {{ ref('driftline_int_bins') }} group by monitor) as c
    left join {{ ref('driftline_int_monitors') }} as m on m.monitor = c.monitor
    left join (
        select monitor, max(bin_lower) as centre from {{ ref('driftline_bins') }} where column_role = 'label'
            and bin_kind = 'centre' group by monitor
    ) as b on b.monitor = c.monitor and m.task = 'regression'
    where {{ driftline._of_family('concept', 'c.monitor') }}
        and coalesce(m.has_label, 0) * case when m.task in ('binary', 'regression') then 1 when m.task = 'multiclass'
            then m.has_prediction else 0 end > 0
)

select
    g.slice_no as slice_no, g.monitor as monitor, g.source as source, g.spec_hash as spec_hash, g.computed_at,
    c.rules_hash, c.changed_from,
    m.is_binary, m.has_label_mean, m.has_prediction, m.centre,
    -- The noise of a group is that of the reference it is held against, of whatever source its rows are.
    {{ dbt.concat(["g.monitor", "'|'", "g.segment", "'|'", "g.segment_value", "'|'", "g.model_version"]) }}
        as own_reference,
    {{ dbt.concat(["g.monitor", "'|'", "g.segment", "'|'", "g.segment_value", "'|'", "f.reference_model_version"]) }}
        as held_against,
    c.changed_from_index,
    case
        {%- for window in driftline._windows() %}
        when g.period = '{{ window.period }}' then {{ window.sizes | max }}
        {%- endfor %}
    end as reach,
    c.is_shown as is_shown, c.reference_first_index as reference_first_index,
    c.reference_last_index as reference_last_index,
    c.is_anew
from {{ ref('driftline_int_slices') }} as g
join monitored as m on m.monitor = g.monitor
join {{ ref('driftline_int_scopes') }} as c on c.slice_no = g.slice_no
left join (
    select slice_no, max(reference_model_version) as reference_model_version
        from {{ ref('driftline_int_reference') }} group by slice_no
) as f on f.slice_no = g.slice_no
{%- else -%}{{ driftline._empty() }}{%- endif %}
