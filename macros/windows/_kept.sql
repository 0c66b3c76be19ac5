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
    {{- return(['driftline_int_drift_noise', 'driftline_int_quality_noise', 'driftline_int_performance_noise']) -}}
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
    {{- config(contract={'enforced': driftline._enforce_contract()}, indexes=indexes) -}}
    {{- driftline._keep_rows('driftline_windows') -}}
{% endmacro %}
{% macro _keep_noise() %}
    {{- driftline._keep_rows('driftline_noise') -}}
{% endmacro %}
{% macro _keep_rows(strategy) %}
    {%- if driftline._can_delete_windows() -%}
        {{- config(
            materialized='incremental', incremental_strategy=strategy, full_refresh=false,
            on_schema_change='append_new_columns'
        ) -}}
    {%- else -%}
        {{- config(materialized='table') -}}
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
{% macro duckdb___can_delete_windows() %}
    {{- return(true) -}}
{% endmacro %}
{% macro postgres___can_delete_windows() %}
    {{- return(true) -}}
{% endmacro %}


{# Rows of the table that is being built which it keeps, as a condition on its alias. SQL. #}
{% macro _is_kept(t) %}
    exists (
        select 1
        from {{ ref('driftline_int_scopes') }} as o
        where o.monitor = {{ t }}.monitor and o.changed_from >= {{ t }}.window_end
    )
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
    {{- return(driftline._replace_rows(arg_dict, driftline._is_kept_noise('t') if driftline._is_needed() else 'false')) -}}
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
    {%- if execute and flags.INTROSPECT is not false and flags.WHICH in ['run', 'build', 'retry'] and not flags.EMPTY
        and driftline._is_needed() -%}
        {%- set wants_all = flags.FULL_REFRESH or not driftline._has_earlier_rows() -%}
        {%- set begin = driftline._as_timestamp("'0001-01-02'") -%}
        {%- set rules = driftline._literal(driftline._rules_hash()) -%}
        {%- set short -%}
            select count(*) from {{ scopes }} where changed_from > {{ begin }}
                and ({{ '1 = 1' if wants_all else "rules <> " ~ rules }})
        {%- endset -%}
        {%- if run_query(short).rows[0][0] | int > 0 -%}
            {{- exceptions.raise_compiler_error('driftline: ' ~ this.identifier ~ ' is to be built anew, what it is made'
                ~ ' of was not: select +' ~ this.identifier ~ ' (with --full-refresh, if that was asked for)') -}}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{#
    From when on each monitor has to be computed again: rows (monitor, changed_from, rules, rules_hash): year 1 where all has
    to be computed anew, else the first of
      the first period that was read since the results were last built,
      the first window that they do not have, or that had not ended: time alone makes windows too,
      the time of the run that read the rows: of a clock that was put back nothing later is kept.
    A window that ends by then is kept.
#}
{% macro _changed_from() %}
    {%- set results = driftline._kept_results() -%}
    {%- set couples = ref('driftline_int_version_pairs') -%}
    {%- set ns = namespace(keep=execute and not flags.FULL_REFRESH) -%}
    {%- for name in results + driftline._kept_noise() + ['driftline_int_kept'] if ns.keep and not driftline._has_earlier_rows(name) -%}
        {%- set ns.keep = false -%}
    {%- endfor -%}
    {%- set anew = driftline._as_timestamp("'0001-01-01'") -%}
    {%- set rules = driftline._literal(driftline._rules_hash()) -%}
    {#- What is computed for whom, and what a declaration says that is no part of its state. -#}
    {%- set declared = [rules, 'max(f.rules)', 'max(m.spec_hash)'] -%}
    {%- for name in ['task', 'label_delay', 'min_labelled_share', 'decision_threshold', 'decision_cut', 'ranking_k',
            'reference_start', 'reference_end'] -%}
        {%- do declared.extend(["' '", 'coalesce(max(' ~ driftline._as_text('m.' ~ name) ~ "), '-')"]) -%}
    {%- endfor %}
    select
        m.monitor,
        case
            -- A monitor that was built anew has read the period of its bins, too.
            when max(s.monitor) is null
                or max(case when p.period_start = {{ driftline._own_period('bin') }} then 1 end) = 1
                or max(c.monitor) is not null then {{ anew }}
            -- Hours start in UTC, the reference ends by the local clock: a day covers every zone.
            when min(p.period_start) < {{ dbt.dateadd(
                'day', "case when max(m.period) = 'hour' then 1 else 0 end",
                driftline._as_timestamp('max(m.reference_end)')
            ) }} then {{ anew }}
            else least(coalesce(min(p.period_start), max(m.as_of)), max(m.as_of), max(s.kept_until))
        end as changed_from,
        {{ rules }} as rules, max(h.rules_hash) as rules_hash
    from {{ ref('driftline_int_monitors') }} as m
    left join (
        select m.monitor, {{ dbt.hash(dbt.concat(declared)) }} as rules_hash
        from {{ ref('driftline_int_monitors') }} as m
        join {{ ref('driftline_int_frames') }} as f on f.monitor = m.monitor
        group by m.monitor
    ) as h on h.monitor = m.monitor
    left join (
        {%- if ns.keep %}
        select monitor, rules_hash, computed_at, kept_until from {{ driftline._last_build('driftline_int_kept') }}
        {%- else %}
        select monitor, spec_hash as rules_hash, computed_at, as_of as kept_until
        from {{ ref('driftline_int_monitors') }}
        where 1 = 0
        {%- endif %}
    ) as s on s.monitor = m.monitor and s.rules_hash = h.rules_hash
    -- A version that is held against another one than before.
    left join (
        {%- if ns.keep and driftline._is_needed(['comparisons']) %}
        select distinct t.monitor
        from {{ driftline._last_build('driftline_int_compared') }} as t
        left join {{ couples }} as v
            on v.monitor = t.monitor and v.challenger = t.model_version and v.champion = t.champion_version
        where v.monitor is null
        {%- else %}
        select monitor from {{ ref('driftline_int_monitors') }} where 1 = 0
        {%- endif %}
    ) as c on c.monitor = m.monitor
    left join ({{ driftline._from_monitors('read') }}) as p
        on p.monitor = m.monitor and p.computed_at > s.computed_at
    group by m.monitor
{% endmacro %}


{# The condition that a window, alias r, is one that this run computes; o is its slice in driftline_int_scopes. SQL. #}
{% macro _is_computed(r, o) %}
    {{- return(o ~ ".source = 'relation' and " ~ r ~ '.period_index >= ' ~ o ~ '.changed_from_index') -}}
{% endmacro %}


{# The condition that a window lies in the reference, whose windows tell what chance does. SQL. #}
{% macro _is_of_reference(r, o) %}
    {{- return(r ~ '.period_index - ' ~ r ~ '.window_periods + 1 >= ' ~ o ~ '.reference_first_index and ' ~ r
        ~ '.period_index <= ' ~ o ~ '.reference_last_index') -}}
{% endmacro %}


{# The condition that such a window, and the part of the reference it lies in, is looked at in this run. SQL. #}
{% macro _tells_noise(r, o) %}
    {{- return(o ~ '.is_anew and ' ~ driftline._is_of_reference(r, o)) -}}
{% endmacro %}


{# Of rolled windows, alias r, those that this run computes and those of the reference: joins and conditions. #}
{% macro _wanted_windows() -%}
join {{ ref('driftline_int_scopes') }} as wanted on wanted.slice_no = r.slice_no
where r.period_index - r.window_periods + 1 >= r.first_index
    and ({{ driftline._is_computed('r', 'wanted') }} or {{ driftline._tells_noise('r', 'wanted') }})
{%- endmacro %}


{# The condition that a period, alias k, is needed for the windows of either kind. SQL. #}
{% macro _is_reached(k, o) %}
    {{- return('(' ~ k ~ '.period_index >= ' ~ o ~ '.changed_from_index - ' ~ o ~ '.reach or ' ~ o ~ '.is_anew)') -}}
{% endmacro %}
