{{ config(materialized=driftline._private_table()) }}
{%- if driftline._is_needed() -%}
{%- set rule = driftline._cause_rule() %}

-- The first cause of each alert in words, in every language there is: of the window with the largest effect, what
-- explains most of its change (decision 29). An alert of which nothing telling is known has none.
with causes as (
    select
        {{ driftline._all_of('c') }}, s.source_family, s.kind as statement_kind,
        case when p.column_name is null then 0 else 1 end as is_prediction
    from {{ ref('driftline_causes') }} as c
    join {{ ref('driftline_int_statements') }} as s on s.alert_id = c.alert_id
    left join (
        select distinct monitor, column_name from {{ ref('driftline_int_bins') }} where column_role = 'prediction'
    ) as p on p.monitor = c.monitor and p.column_name = c.column_name
    where c.is_peak_window
),

-- Through each column the same change of the mean splits into what its shares did and what its relation did: what the
-- inputs explain is at most what the best of them does.
inputs as (
    select
        alert_id, cause_name, least(greatest(coalesce(explained, 0e0), 0e0), 1e0) as explained,
        row_number() over (partition by alert_id order by explained desc, {{ driftline._byte_order('cause_name') }})
            as place
    from (
        select alert_id, cause_name, shares_effect / nullif(shares_effect + rates_effect, 0e0) as explained
        from causes
        where cause_kind = 'column' and effect_unit in ('label', 'calibration', 'loss')
            and source_family in ('performance', 'estimate_error') and abs(shares_effect) < 1e100
            and abs(rates_effect) < 1e100
    ) as c
    where explained is not null
),

candidates as (
    select
        alert_id, case when explained < 0.5 then 'relation' else 'inputs' end as kind, cause_name,
        {{ driftline._as_text('null') }} as cause_value,
        case when explained < 0.5 then 1e0 - explained else explained end as told_share,
        {{ driftline._as_double('null') }} as row_share, {{ driftline._as_double('null') }} as expected_row_share,
        {{ driftline._as_double('null') }} as value, {{ driftline._as_double('null') }} as expected,
        1 as place, 1e0 as weight
    from inputs
    where place = 1
    union all
    select
        alert_id, cause_kind, cause_name, cause_value, share, row_share, expected_row_share, value, expected, 3,
        share / greatest(row_share, coalesce(expected_row_share, 0e0))
    from causes
    where cause_kind in ('segment', 'version') and share between {{ rule.least }} and 1 and row_share > 0
        and source_family <> 'concept' and cause_name <> column_name
        and share >= {{ rule.times }} * greatest(row_share, coalesce(expected_row_share, 0e0))
    union all
    select
        alert_id, case when row_share > 0 then 'new_version' else 'gone_version' end, cause_name, cause_value, share,
        row_share, expected_row_share, value, expected, 2,
        case when row_share > 0 then 1e0 + row_share else expected_row_share end
    from causes
    where cause_kind = 'version' and {{ driftline._most('row_share', 'expected_row_share') }} >= {{ rule.version }}
        and (source_family in ('performance', 'estimate') or source_family = 'drift' and is_prediction = 1)
        and (coalesce(row_share, 0e0) = 0 or coalesce(expected_row_share, 0e0) = 0)
    union all
    select
        alert_id, case when source_family = 'drift' then 'bin' else 'bin.relation' end, cause_name, cause_value, share,
        row_share, expected_row_share, value, expected,
        -- Where the statement has no numbers, what moved most is what it lacks.
        case when statement_kind in ('drift.plain', 'drift.same') then 1 else 4 end,
        abs(case when source_family = 'drift' then contribution else rates_effect end)
    from causes
    where cause_kind = 'bin' and (
        source_family = 'drift' and {{ driftline._most('row_share', 'expected_row_share') }} >= {{ rule.bin }}
        or statement_kind like 'concept.label%' and least(
                coalesce(row_share, expected_row_share), coalesce(expected_row_share, row_share)
            ) >= {{ rule.bin }}
            and value between 0 and 1 and expected between 0 and 1
    )
    union all
    select
        alert_id, 'column', cause_name, cause_value, share, row_share, expected_row_share, value, expected, 5,
        contribution
    from causes
    where cause_kind = 'column' and contribution > 0 and source_family in ('drift', 'estimate', 'business')
),

chosen as (
    select
        {{ driftline._all_of('c') }}, l.label, b.bin_kind, b.bin_label, b.bin_lower, b.bin_upper, b.is_one_value,
        {{ driftline._readable('b.bin_lower') }} as lower_text, {{ driftline._readable('b.bin_upper') }} as upper_text
    from (
        select
            d.*, s.monitor, s.source_family,
            row_number() over (
                partition by d.alert_id
                order by d.place, d.weight desc, d.kind, {{ driftline._byte_order('d.cause_name') }},
                    {{ driftline._byte_order('d.cause_value') }}
            ) as choice
        from candidates as d
        join {{ ref('driftline_int_statements') }} as s on s.alert_id = d.alert_id
    ) as c
    left join {{ ref('driftline_int_labels') }} as l on l.monitor = c.monitor and l.name = c.cause_name
    left join (
        select *, row_number() over (partition by monitor, column_name, is_group, text order by part) as text_no
        from ({{ driftline._bin_texts() }}) as t
    ) as b
        on c.kind like 'bin%' and b.monitor = c.monitor and b.column_name = c.cause_name and b.text = c.cause_value
        and b.is_group = case when c.kind = 'bin' then 1 else 0 end and b.text_no = 1
    where c.choice = 1
)

{% for language in driftline._languages() %}
{%- set texts = driftline._texts_of(language) %}
select
    c.alert_id, {{ driftline._text(language) }} as language,
    {{ driftline._cause_words(texts, 'c') | trim }} as cause,
    -- What it is, whatever its share.
    {{ driftline._as_text("c.monitor || '|' || c.kind || '|' || case when c.kind = 'relation' then ''
        else coalesce(c.cause_name, '') || '|' || coalesce(c.cause_value, '') end") }} as cause_key
from chosen as c
{{ 'union all' if not loop.last }}
{% endfor %}
{%- else -%}{{ driftline._empty() }}{%- endif %}
