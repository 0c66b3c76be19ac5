{# What a run replaces of the state, and what it keeps (decision 13). #}


{#
    The periods whose rows of the state this run replaces: those that it read, and those without rows in the source any
    more. A run that resumes leaves a period as it is where the source cannot speak of it: when it shows no row at all,
    and before its first row.
#}
{% macro _replaced_periods(declaration, resume, source) %}
    select period_start from counted
    {%- if resume %}
    {{ driftline._union() }}
    select period_start
    from {{ this }}
    where record = 'count' and period_start >= {{ resume.period_start }}
        and (
            period_start >= (select min(period_start) from counted)
            {%- if not driftline._shows_first_period(declaration, source, resume) %}
            or exists (select 1 from counted)
            and exists (
                select 1 from {{ declaration.relation.render() }}
                where {{ source.time.sql }} < {{ driftline._resume_time(declaration, source, resume) }}
            )
            {%- endif %}
        )
    {%- if resume.has_former %}
    {%- for record, period_start in driftline._former_periods().items() %}
    {{ driftline._union() }}
    select {{ driftline._as_timestamp("'" ~ period_start ~ "'") }}
    {%- endfor %}
    {%- endif %}
    {%- else %}
    {{- driftline._all_periods_and_bins() }}
    {%- endif %}
{% endmacro %}


{# For a run that builds anew: what stands now, and the period of the bins, which says so (_changed_from). #}
{% macro _all_periods_and_bins() %}
    {{ driftline._union() }}
    select {{ driftline._own_period('bin') }}
    {%- if driftline._has_state() %}
    {{ driftline._union() }}
    select period_start from {{ this }}
    {%- endif %}
{% endmacro %}


{#
    Whether the source has rows of the first period that a run reads again. Then nothing lies before its first row, and
    whether it shows older rows is not asked: a view that leaves out copies would look through all of them for one.
#}
{% macro _shows_first_period(declaration, source, resume) %}
    {%- set zone = 'UTC' if declaration.arguments.period == 'hour' else declaration.arguments.timezone -%}
    {%- set next = driftline._as_timestamp(driftline._moved(declaration.arguments.period, 1, resume.period_start)) -%}
    {%- set found = run_query(
        'select case when exists (select 1 from ' ~ declaration.relation.render() ~ ' where ' ~ source.time.sql ~ ' >= '
        ~ driftline._resume_time(declaration, source, resume) ~ ' and ' ~ source.time.sql ~ ' < '
        ~ driftline._column_time(next, source.time.type, zone) ~ ') then 1 else 0 end as is_shown'
    ) -%}
    {{- return(found.rows[0][0] == 1) -}}
{% endmacro %}


{#
    Rows of the state that a run which resumes does not count again, though their periods are replaced: those of a
    reference of its own, and what an earlier version put beside its own records, which move to where they belong.

    last  the last of the sources: the reference of its own, if there is one
    sums  names of the sums
#}
{% macro _kept_records(resume, last, sums) %}
    {%- set former = driftline._former_periods() -%}
    {%- set literals = [] -%}
    {%- for record in former -%}
        {%- do literals.append(driftline._as_timestamp("'" ~ former[record] ~ "'")) -%}
    {%- endfor -%}
    {%- set timeless = last.time is none %}
    select
        record, source, in_reference,
        {%- if resume.has_former %}
        case
            when record = 'bin' then {{ driftline._own_period('bin') }}
            {%- if timeless %}
            when source = 'reference' and period_start = {{ literals[2] }} then {{ driftline._own_period('timeless') }}
            {%- endif %}
            else period_start
        end,
        {%- else %}
        period_start,
        {%- endif %}
        period_index, model_version, segment, segment_value,
        column_name, column_role, column_kind, bin, bin_kind, bin_label, bin_lower, bin_upper, bin_group,
        {{ sums | join(', ') }}
    from {{ this }}
    where record = 'count' and source = 'reference' and period_start in (select period_start from replaced)
        {%- if resume.has_former %}
        or record = 'bin'
        or record = 'count' and source = 'relation' and period_start in ({{ literals | join(', ') }})
            and period_start < {{ resume.period_start }}
        {%- endif %}
{% endmacro %}
