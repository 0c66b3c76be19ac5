{#
    The SQL of a merge: for the periods in which a site's state has changed since they were last merged the sums over
    all sites; what was declared; where it begins anew, the bins. A row of the record `site` keeps what was merged of a
    site and period: when the site had read it, and how much there was.
#}
{% macro _merged_sql(declaration) %}
    {%- if not execute or flags.INTROSPECT is false -%}{{- return('select 1 as parsed') -}}{%- endif -%}
    {{- driftline._check_identifier(declaration.monitor) -}}
    {{- driftline._alone() -}}
    {{- driftline._check_session() -}}
    {%- set sites = driftline._agreed_sites(declaration) -%}
    {%- set suppressing = sites | map(attribute='settings') | selectattr('suppress_below', 'defined') | list -%}
    {#- Where a site leaves moments out, those of the others alone would be the moments of nobody. -#}
    {%- set hash = local_md5(driftline._spec_hash(declaration) ~ (' suppressed' if suppressing else '')) -%}
    {%- set anew = driftline._merges_anew(declaration, hash, sites[0]) -%}
    {%- set steps = [
        {'name': 'sites', 'sql': driftline._rows_of_sites(sites)},
        {'name': 'stamps', 'sql': driftline._stamps_of_sites()},
        {'name': 'replaced', 'sql': driftline._merged_periods(anew)},
        {'name': 'counted', 'sql': driftline._sums_over_sites('bin <> 20000' if suppressing else none)},
        {'name': 'records', 'sql': driftline._merged_records(declaration, sites, anew)},
    ] %}
{{ driftline._with_steps(steps) }}
{{ driftline._state_rows(declaration, {'hash': hash, 'sums': driftline._sum_names()}) }}
{% endmacro %}


{# Whether all is merged anew: no table yet, another declaration, other sites or other bins. #}
{% macro _merges_anew(declaration, hash, first) %}
    {%- if not driftline._has_state() or flags.EMPTY or flags.FULL_REFRESH -%}{{- return(true) -}}{%- endif -%}
    {%- if driftline._held(declaration).hash != hash -%}{{- return(true) -}}{%- endif -%}
    {{- return(run_query(driftline._bins_that_differ(first.state, this)).rows[0][0] > 0) -}}
{% endmacro %}


{# The states of all sites, each column in the type it has here: files and other engines have types of their own. #}
{% macro _rows_of_sites(sites) %}
    {%- set columns = driftline._state_columns() %}
    {%- for site in sites %}
    select
        {{ driftline._text(site.site) }} as site
        {%- for name in columns %},
        {% if columns[name] == driftline._type_timestamp() -%}
            {#- A wall clock that another engine has written as a point in time was one of UTC. -#}
            {{ driftline._as_timestamp(driftline._local_time(name, driftline._type_kind(site.types[name]), 'UTC')) }}
        {%- else -%}
            cast({{ name }} as {{ columns[name] }})
        {%- endif %} as {{ name }}
        {%- endfor %}
    from {{ site.state }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{% endmacro %}


{# By site and period when the site last read it, and how many cells and rows are there. #}
{% macro _stamps_of_sites() %}
    select
        site, period_start, {{ driftline._as_text('max(computed_at)') }} as read_at,
        sum(case when record = 'count' then 1 else 0 end) as cells,
        coalesce(sum(case when record = 'count' then row_count end), 0) as row_count
    from sites
    where record in ('count', 'read') and period_start <> {{ driftline._own_period('bin') }}
    group by site, period_start
{% endmacro %}


{# The periods that are merged in this run. #}
{% macro _merged_periods(anew) %}
    {%- if anew %}
    select period_start from stamps
    {{- driftline._all_periods_and_bins() }}
    {%- else %}
    select distinct period_start
    from (
        select period_start
        from (
            select site, period_start, read_at, cells, row_count, 1 as is_there from stamps
            union all
            select column_name, period_start, bin_label, bin, row_count, -1 from {{ this }} where record = 'site'
        ) as before_and_now
        group by site, period_start, read_at, cells, row_count
        having sum(is_there) <> 0
    ) as changed
    {%- endif %}
{% endmacro %}


{# The sums over all sites; what a site has left out is added up too. kept: a condition on counts, or none. #}
{% macro _sums_over_sites(kept) %}
    {%- set key = 'record, source, in_reference, period_start, model_version, segment, segment_value, column_name,'
        ~ ' column_role, column_kind, bin_kind' -%}
    {#- In a row of the record `suppressed` the bin is how many there are. -#}
    {%- set bin = "case when record = 'count' then bin end" %}
    select
        {{ key }},
        coalesce({{ bin }}, cast(sum(bin) as {{ dbt.type_int() }})) as bin,
        max(period_index) as period_index, max(bin_label) as bin_label, max(bin_lower) as bin_lower,
        max(bin_upper) as bin_upper, max(bin_group) as bin_group
        {%- for sum in driftline._sum_names() %},
        {{ {'value_min': 'min', 'value_max': 'max'}.get(sum, 'sum') }}({{ sum }}) as {{ sum }}
        {%- endfor %}
    from sites
    where record in ('count', 'suppressed') and period_start in (select period_start from replaced)
        {%- if kept %} and {{ kept }}{% endif %}
    group by {{ key }}, {{ bin }}
{% endmacro %}


{# The records of a merge, as _records has those of a monitor. #}
{% macro _merged_records(declaration, sites, anew) %}
    {%- set sums = driftline._sum_names() -%}
    {%- set no_sums -%}
        {% for sum in sums %}null{{ ', ' if not loop.last }}{% endfor %}
    {%- endset %}
    select
        record, source, in_reference, period_start, period_index, model_version, segment, segment_value,
        column_name, column_role, column_kind, bin, bin_kind, bin_label, bin_lower, bin_upper, bin_group,
        {{ sums | join(', ') }}
    from counted
    {%- if anew %}
    union all
    select
        record, source, in_reference, period_start, period_index, model_version, segment, segment_value,
        column_name, column_role, column_kind, bin, bin_kind, bin_label, bin_lower, bin_upper, bin_group,
        {{ no_sums }}
    from sites
    where record = 'bin' and site = {{ driftline._literal(sites[0].site) }}
    {%- endif %}
    union all
    {{ driftline._told_records(declaration, driftline._settings_of_merge(declaration, sites[0]), no_sums) }}
    union all
    select
        'site', 'relation', false, t.period_start, 0, 'all', 'all', 'all',
        t.site, 'site', 'site', t.cells, 'site', t.read_at, null, null, 0,
        {%- for sum in sums %}
        {{ 't.row_count' if sum == 'row_count' else 'null' }}{{ ',' if not loop.last }}
        {%- endfor %}
    from stamps as t
    where t.period_start in (select period_start from replaced)
{% endmacro %}


{# What a monitor's settings say of its run (_settings_of_run), for a merge. #}
{% macro _settings_of_merge(declaration, first) %}
    {%- set a = declaration.arguments -%}
    {%- set settings = {} -%}
    {%- for name in ['decision_cut', 'has_label', 'has_prediction'] -%}
        {%- do settings.update({name: driftline._text_or_null(first.settings[name])}) -%}
    {%- endfor -%}
    {#- No further than the site that is furthest behind: a period that lacks one of them is not complete. -#}
    {%- set clocks -%}
        select bin_label as clock from sites where record = 'setting' and column_name = 'as_of'
        union all select {{ driftline._local_now(a) }}
    {%- endset -%}
    {%- do settings.update({
        'as_of': '(select min(clock) from (' ~ clocks ~ ') as clocks)',
        'rows_read': driftline._as_text("(select coalesce(sum(row_count), 0) from counted where record = 'count'"
            ~ " and column_role = 'row' and source = 'relation' and segment = 'all')"),
        'furthest_period': driftline._as_text(
            "(select max(period_start) from sites where record = 'count' and source = 'relation')"),
    }) -%}
    {{- return(settings) -}}
{% endmacro %}
