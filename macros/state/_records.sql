{#
    The records of a run: the counts, and what else stands in a state, each under its own name and, but for the counts,
    in a period of its own (_own_period).
#}
{% macro _records(declaration, run) %}
    {%- set no_sums -%}
        {% for sum in run.sums %}null{{ ', ' if not loop.last }}{% endfor %}
    {%- endset %}
    {{- driftline._count_records(declaration, run) }}
    {%- if run.resume and (declaration.reference_relation is not none or run.resume.has_former) %}
    union all
    {{ driftline._kept_records(run.resume, run.last, run.sums) }}
    {%- endif %}
    {%- if not run.resume %}
    union all
    select
        'bin', 'relation', true, {{ driftline._own_period('bin') }}, 0, 'all', 'all', 'all',
        d.column_name as column_name, d.column_role, d.column_kind,
        b.bin, b.bin_kind, b.bin_label, b.bin_lower, b.bin_upper, b.bin_group,
        {{ no_sums }}
    from bins as b
    join declared as d on d.column_no = b.column_no
    {%- endif %}
    union all
    {{ driftline._told_records(declaration, driftline._settings_of_run(declaration, run), no_sums) }}
{% endmacro %}


{#
    What a state tells beside its counts: the settings, and which periods were read.

    of_run   what the run knows (_settings)
    no_sums  NULL for each of the sums
#}
{% macro _told_records(declaration, of_run, no_sums) %}
    select
        'setting', 'relation', false, {{ driftline._own_period('setting') }}, 0, 'all', 'all', 'all',
        s.setting, 'setting', 'setting', 0, 'setting', s.value, null, null, 0,
        {{ no_sums }}
    from ({{ driftline._settings(declaration, of_run) }}) as s
    union all
    select
        'read', 'relation', false, r.period_start, 0, 'all', 'all', 'all',
        'all', 'read', 'read', 0, 'read', null, null, null, 0,
        {{ no_sums }}
    from replaced as r
{% endmacro %}


{# The counts with what the bins are. #}
{% macro _count_records(declaration, run) %}
    select
        'count' as record, c.source, c.in_reference, c.period_start,
        {{ driftline._period_index('c.period_start', declaration.arguments.period) }} as period_index,
        c.model_version, c.segment, c.segment_value,
        d.column_name as column_name, d.column_role, d.column_kind,
        c.bin as bin,
        case
            when c.bin_kind is not null then c.bin_kind
            when c.bin = -3 then 'null'
            when c.bin = -2 then 'nan'
            when c.bin = -1 then 'negative_infinity'
            when c.bin = 10000 then 'positive_infinity'
            when c.bin = 10001 then 'beyond_top'
            when c.bin = 10002 then 'unseen'
            when c.bin = 20000 then 'moments'
            when d.column_kind = 'numeric' then 'range'
            else 'category'
        end as bin_kind,
        b.bin_label, b.bin_lower, b.bin_upper,
        coalesce(b.bin_group, c.bin) as bin_group,
        cast(c.row_count as {{ dbt.type_bigint() }}) as row_count
        {%- for sum in run.sums if sum != 'row_count' %}, c.{{ sum }}{% endfor %}
    from by_segment as c
    join declared as d on d.column_no = c.column_no
    left join bins as b on b.column_no = c.column_no and b.bin = c.bin and b.bin_kind in ('range', 'category')
{% endmacro %}
