{#
    Result tables that keep the windows nothing was read for (decision 26).

    A run computes the windows that hold a period which was read since all of these tables were last built
    (driftline_int_scopes); in each of them it replaces those windows, and leaves the others as they are. What was built
    is written down once they all are (driftline_int_kept): a run that was killed between two of them has built nothing.
#}
{% macro _kept_results() %}
    {{- return(['driftline_drift', 'driftline_quality', 'driftline_performance', 'driftline_concept',
        'driftline_fairness', 'driftline_int_compared']) -}}
{% endmacro %}


{#
    What the reference's own windows tell of noise, family by family: kept as long as nothing of the monitor has to be
    computed anew, because the reference is what it was.
#}
{% macro _kept_noise() %}
    {{- return(['driftline_int_drift_noise', 'driftline_int_quality_noise', 'driftline_int_performance_noise',
        'driftline_int_concept_noise']) -}}
{% endmacro %}


{# Whose reference a row of noise is about. #}
{% macro _noise_key() %}
    {{- return(['monitor', 'model_version', 'segment', 'segment_value', 'window_periods']) -}}
{% endmacro %}


{#
    The config of such a table: called at the top of its model, beside nothing else. The table is never dropped: a full
    refresh replaces its rows.
#}
{% macro _keep_windows(indexes=[]) %}
    {#- Looked at when rows are replaced, when it is too late to say what the model depends on. -#}
    {%- do driftline._retention_limits() -%}
    {{- config(contract={'enforced': driftline._enforce_contract()}, indexes=indexes) -}}
    {{- driftline._place('results') -}}
    {{- driftline._keep_rows('driftline_windows') -}}
{% endmacro %}
{% macro _keep_noise() %}
    {%- if driftline._monitors() -%}
        {{- driftline._place('steps') -}}
        {{- driftline._keep_rows('driftline_noise') -}}
    {%- else -%}
        {{- config(materialized='ephemeral') -}}
    {%- endif -%}
{% endmacro %}
{% macro _keep_rows(strategy) %}
    {%- if driftline._can_delete_windows() -%}
        {{- config(
            materialized='incremental', incremental_strategy=strategy, full_refresh=false,
            on_schema_change='append_new_columns'
        ) -}}
    {%- else -%}
        {{- config(materialized=driftline._table_from_itself()) -}}
    {%- endif -%}
{% endmacro %}


{#
    Whether the engine can delete rows by a condition and insert others, all or nothing. Where it cannot, the table is
    written anew, with the rows it keeps.
#}
{% macro _can_delete_windows() %}
    {{- return(adapter.dispatch('_can_delete_windows', 'driftline')()) -}}
{% endmacro %}
{% macro default___can_delete_windows() %}
    {{- return(false) -}}
{% endmacro %}


{# Rows of the table that is being built which it keeps, as a condition on its alias. SQL. #}
{% macro _is_kept(t) %}
    (exists (
        select 1
        from {{ ref('driftline_int_scopes') }} as o
        where o.monitor = {{ t }}.monitor and o.changed_from >= {{ t }}.window_end
    ) and {{ driftline._is_retained(t) }})
{%- endmacro %}


{# The same of noise: what a monitor has that is not computed anew. #}
{% macro _is_kept_noise(t) %}
    exists (
        select 1
        from {{ ref('driftline_int_scopes') }} as o
        where o.monitor = {{ t }}.monitor and not o.is_anew
    )
{%- endmacro %}


{# Beside the windows of this run: those that are kept, where the table is written anew. Ends the model's statement. #}
{% macro _and_kept_windows() %}
    {{- driftline._and_kept(model.columns, driftline._is_kept('t')) -}}
{% endmacro %}
{% macro _and_kept_noise(columns) %}
    {{- driftline._and_kept(columns, driftline._is_kept_noise('t')) -}}
{% endmacro %}
{% macro _and_kept(columns, condition) %}
    {%- if not driftline._can_delete_windows() and driftline._has_earlier_rows() %}
union all
select {{ driftline._columns_of('t', columns) }}
from {{ this }} as t
where {{ condition }}
    {%- endif -%}
{% endmacro %}
{% macro _columns_of(alias, columns=none) %}
    {{- return(alias ~ '.' ~ (columns or model.columns) | join(', ' ~ alias ~ '.')) -}}
{% endmacro %}


{#
    dbt's name for the strategy `driftline_windows`: out with what is not kept, in with the windows of the run.

    arg_dict  target_relation, temp_relation, dest_columns, as dbt gives them

    A run with --empty has seen no scopes, and touches nothing.
#}
{% macro get_incremental_driftline_windows_sql(arg_dict) %}
    {{- return(driftline._replace_rows(arg_dict, driftline._is_kept('t') if driftline._is_needed() else 'false')) -}}
{% endmacro %}


{# The same of `driftline_noise`. #}
{% macro get_incremental_driftline_noise_sql(arg_dict) %}
    {%- set is_kept = driftline._is_kept_noise('t') if driftline._is_needed() else 'false' -%}
    {{- return(driftline._replace_rows(arg_dict, is_kept)) -}}
{% endmacro %}


{# Deletes what is not kept, a condition on the alias t, and inserts what was computed. #}
{% macro _replace_rows(arg_dict, is_kept) %}
    {%- set columns = arg_dict.dest_columns | map(attribute='quoted') | join(', ') -%}
    {%- if flags.EMPTY -%}
        {{- return('select 1 as nothing_done') -}}
    {%- endif -%}
    {%- set statement %}
    delete from {{ arg_dict.target_relation }} as t
    where not {{ is_kept }};

    insert into {{ arg_dict.target_relation }} ({{ columns }})
    select {{ columns }} from {{ arg_dict.temp_relation }}
    {%- endset -%}
    {{- return(statement) -}}
{% endmacro %}


{#
    Stops a build of a result alone that would mix what it has with what it now computes: where a table that is gone, a
    full refresh or other settings ask for all windows, and the steps before it were made for the last ones.
#}
{% macro _need_whole_steps() %}
    {%- set scopes = ref('driftline_int_scopes') -%}
    {%- set is_alone = 'model.driftline.driftline_int_scopes' not in (selected_resources | default([])) -%}
    {%- if execute and is_alone and flags.INTROSPECT is not false and flags.WHICH in ['run', 'build', 'retry']
        and not flags.EMPTY and driftline._is_needed() -%}
        {%- set wants_all = flags.FULL_REFRESH or not driftline._has_earlier_rows() -%}
        {%- set begin = driftline._as_timestamp("'0001-01-02'") -%}
        {%- set rules = driftline._literal(driftline._rules_hash()) -%}
        {%- set short -%}
            select count(*) from {{ scopes }} where changed_from > {{ begin }}
                and ({{ '1 = 1' if wants_all else "rules <> " ~ rules }})
        {%- endset -%}
        {%- if run_query(short).rows[0][0] | int > 0 -%}
            {{- exceptions.raise_compiler_error('driftline: ' ~ this.identifier ~ ' is to be built anew, what it is'
                ~ ' made of was not: select +' ~ this.identifier ~ ' (with --full-refresh, if that was asked for)') -}}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
