{#
    The columns of the table that is being built, as its last build left it; none where there is nothing to read: the
    first build, a full refresh, or a compilation that must not look.
#}
{% macro _columns_of_last_build() %}
    {%- if not execute or flags.FULL_REFRESH or flags.INTROSPECT is false -%}{{- return([]) -}}{%- endif -%}
    {%- set table = driftline._standing(this) -%}
    {%- if table is none or not table.is_table -%}{{- return([]) -}}{%- endif -%}
    {{- return(adapter.get_columns_in_relation(table) | map(attribute='name') | map('lower') | list) -}}
{% endmacro %}


{# The condition that two relations have the same values in some columns, none of which is NULL. #}
{% macro _same(columns, a, b) %}
    {%- set equal = [] -%}
    {%- for column in columns -%}{%- do equal.append(a ~ '.' ~ column ~ ' = ' ~ b ~ '.' ~ column) -%}{%- endfor -%}
    {{- return(equal | join(' and ')) -}}
{% endmacro %}


{# When the last period with rows of each version and segment value ended, and of the totals. #}
{% macro _last_rows() %}
    select
        l.monitor, l.model_version, l.segment, l.segment_value,
        case
            {%- for window in driftline._windows() %}
            when l.period = '{{ window.period }}' then {{ driftline._period_at('l.end_index', window.period) }}
            {%- endfor %}
        end as ended_at
    from (
        select g.monitor as monitor, g.model_version as model_version, g.segment as segment,
            g.segment_value as segment_value, g.period as period, max(s.period_index) + 1 as end_index
        from {{ ref('driftline_int_series') }} as s
        join {{ ref('driftline_int_bins') }} as c on c.bin_no = s.bin_no and c.column_role = 'row'
        join {{ ref('driftline_int_slices') }} as g on g.slice_no = s.slice_no and g.source = 'relation'
        where s.n > 0
        group by g.monitor, g.model_version, g.segment, g.segment_value, g.period
    ) as l
{% endmacro %}


{# The monitors and the names under which their alerts are kept: monitor, owner, period, known_as. #}
{% macro _names_of_monitors() %}
    select
        m.monitor as monitor, m.owner, m.period,
        -- A monitor that was renamed keeps its alerts, unless another goes by that name.
        case when count(*) over (partition by m.formerly) = 1 and o.monitor is null
            then coalesce(m.formerly, m.monitor) else m.monitor end as known_as
    from {{ ref('driftline_int_monitors') }} as m
    left join (select monitor from {{ ref('driftline_int_monitors') }}) as o on o.monitor = m.formerly
{% endmacro %}
