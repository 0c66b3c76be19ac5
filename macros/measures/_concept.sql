{#
    A sum over weights as a mean, fit to be squared twice: NULL beyond ±1e60, 0 within ±1e-70.

    numerator, weight  SQL, repeated; NULL where the weight is 0
    power              1 for a mean, 2 for a mean of squares
#}
{% macro _bounded_mean(numerator, weight, power=1) %}
    {%- set most = '1e60' if power == 1 else '1e120' -%}
    {%- set least = '1e-70' if power == 1 else '1e-140' -%}
    {{- return(
        'case when ' ~ weight ~ ' > 0 then case when abs(' ~ numerator ~ ') < ' ~ least ~ ' * ' ~ weight ~ ' then 0e0 when abs(' ~ numerator ~ ') <= ' ~ most ~ ' * ' ~ weight
        ~ ' then (' ~ numerator ~ ') / ' ~ weight ~ ' end end'
    ) -}}
{% endmacro %}


{#
    From when on each monitor has to be computed again, for a table that keeps its other rows (decision 5): rows
    (monitor, changed_from), the start of the first period that was read since the table was last built; 1900 where all
    has to be computed anew, 9999 where nothing has.

    keep   whether the table has rows to keep (_can_keep_rows)
    rules  hash of the settings its rows must have been computed under
#}
{% macro _changed_from(keep, rules) %}
    select
        m.monitor,
        case
            when s.monitor is null then {{ driftline._as_timestamp("'1900-01-01'") }}
            -- Hours start in UTC, the reference ends by the local clock: a day covers every zone.
            when min(p.period_start) < {{ dbt.dateadd('day', "case when max(m.period) = 'hour' then 1 else 0 end", driftline._as_timestamp('max(m.reference_end)')) }} then {{ driftline._as_timestamp("'1900-01-01'") }}
            else coalesce(min(p.period_start), {{ driftline._as_timestamp("'9999-01-01'") }})
        end as changed_from
    from {{ ref('driftline_monitors') }} as m
    left join (
        {%- if keep %}
        select monitor, max(computed_at) as computed_at
        from {{ this }}
        group by monitor
        having min(rules_hash) = {{ driftline._literal(rules) }} and max(rules_hash) = {{ driftline._literal(rules) }}
        {%- else %}
        select monitor, computed_at from {{ ref('driftline_monitors') }} where 1 = 0
        {%- endif %}
    ) as s on s.monitor = m.monitor
    left join ({{ driftline._from_monitors('read') }}) as p
        on p.monitor = m.monitor and p.computed_at > s.computed_at
    group by m.monitor, s.monitor
{% endmacro %}
