{# The level of significance of psi_critical, ks_critical and the quality noise (var driftline_alpha). #}
{% macro _alpha() %}
    {%- set alpha = driftline._var('driftline_alpha', 0.001) -%}
    {%- if not driftline._is_finite(alpha) or alpha <= 0 or alpha >= 0.5 -%}
        {{- exceptions.raise_compiler_error("driftline: var 'driftline_alpha': given " ~ tojson(alpha | string) ~ '; allowed: a number over 0 and under 0.5') -}}
    {%- endif -%}
    {{- return(alpha) -}}
{% endmacro %}


{# Column contracts, where the engine can hold a model to one. #}
{% macro _enforce_contract() %}
    {{- return(adapter.dispatch('_enforce_contract', 'driftline')()) -}}
{% endmacro %}
{% macro default___enforce_contract() %}
    {{- return(true) -}}
{% endmacro %}


{# What, beside the state, the measures depend on: rows computed under other rules are not kept. #}
{% macro _rules_hash() %}
    {{- return(local_md5(tojson({'version': 2, 'alpha': driftline._alpha(),
        'windows': driftline._windows() | string}))) -}}
{% endmacro %}


{#
    Whether a result table can hand on rows of its last build: it exists, has the same columns, and nobody asked for a
    full refresh.

    name  of the result table; none for the one that is being built
#}
{% macro _can_keep_rows(name=none) %}
    {{- return(adapter.dispatch('_can_keep_rows', 'driftline')(name)) -}}
{% endmacro %}
{% macro default___can_keep_rows(name=none) %}
    {{- return(not flags.FULL_REFRESH and driftline._has_earlier_rows(name)) -}}
{% endmacro %}


{# Whether such a table is there already, with the columns it is described with. #}
{% macro _has_earlier_rows(name=none) %}
    {%- if not execute or flags.INTROSPECT is false -%}{{- return(false) -}}{%- endif -%}
    {%- set table = load_relation(driftline._last_build(name)) -%}
    {%- if table is none or not table.is_table -%}{{- return(false) -}}{%- endif -%}
    {%- set columns = (model if name is none else driftline._node_of(name)).columns -%}
    {%- set names = adapter.get_columns_in_relation(table) | map(attribute='name') | map('lower') | list -%}
    {{- return(names | sort == columns.keys() | map('lower') | list | sort) -}}
{% endmacro %}


{#
    The table as its last build has left it, for the steps that come before it: an edge to it would be a circle. Without
    a name that of the model that is being built.
#}
{% macro _last_build(name=none) %}
    {%- if name is none or not execute -%}{{- return(this) -}}{%- endif -%}
    {%- set node = driftline._node_of(name) -%}
    {{- return(api.Relation.create(database=node.database, schema=node.schema, identifier=node.alias)) -}}
{% endmacro %}
{% macro _node_of(name) %}
    {{- return(graph.nodes['model.' ~ model.package_name ~ '.' ~ name]) -}}
{% endmacro %}


{#
    From when on each monitor has to be computed again, for a table that keeps its other rows (decision 5): rows
    (monitor, changed_from, rules_hash): year 1 where all has to be computed anew, else the first of
      the first period that was read since the table was last built,
      the first window that the table does not have, or that had not ended: time alone makes windows too,
      the time of the run that read the rows: of a clock that was put back nothing later is kept.
    A window that ends by then is kept.

    keep   whether the table has rows to keep (_can_keep_rows)
    rules  hash of the project's settings its rows must have been computed under; what is computed for whom
           (driftline_int_frames) is added to it
    name   of the result table; none for the one that is being built
#}
{% macro _changed_from(keep, rules, name=none) %}
    {%- set own_rules -%}
        select monitor, {{ dbt.concat([driftline._literal(rules ~ ' '), 'max(rules)']) }} as rules_hash
        from {{ ref('driftline_int_frames') }}
        group by monitor
    {%- endset %}
    select
        m.monitor,
        case
            -- A monitor that was built anew has read the period of its bins, too.
            when s.monitor is null or max(case when p.period_start = {{ driftline._own_period('bin') }} then 1 end) = 1
                then {{ driftline._as_timestamp("'0001-01-01'") }}
            -- Hours start in UTC, the reference ends by the local clock: a day covers every zone.
            when min(p.period_start) < {{ dbt.dateadd(
                'day', "case when max(m.period) = 'hour' then 1 else 0 end",
                driftline._as_timestamp('max(m.reference_end)')
            ) }}
                then {{ driftline._as_timestamp("'0001-01-01'") }}
            else least(coalesce(min(p.period_start), max(m.as_of)), max(m.as_of), max(s.kept_until))
        end as changed_from,
        max(h.rules_hash) as rules_hash
    from {{ ref('driftline_int_monitors') }} as m
    left join ({{ own_rules }}) as h on h.monitor = m.monitor
    left join (
        {%- if keep %}
        select
            t.monitor, max(t.computed_at) as computed_at,
            least(
                max(t.window_end),
                {{ dbt.dateadd('second', -1, 'min(case when not t.is_complete then t.window_end end)') }}
            ) as kept_until
        from {{ driftline._last_build(name) }} as t
        join ({{ own_rules }}) as h on h.monitor = t.monitor
        group by t.monitor
        having min(t.rules_hash) = max(h.rules_hash) and max(t.rules_hash) = max(h.rules_hash)
        {%- else %}
        select monitor, computed_at, as_of as kept_until from {{ ref('driftline_int_monitors') }} where 1 = 0
        {%- endif %}
    ) as s on s.monitor = m.monitor
    left join ({{ driftline._from_monitors('read') }}) as p
        on p.monitor = m.monitor and p.computed_at > s.computed_at
    group by m.monitor, s.monitor
{% endmacro %}


{# How many periods back the windows of a kind of period look from their last period, baselines included. #}
{% macro _reach(window) %}
    {%- set reaches = [] -%}
    {%- for size in window.sizes -%}
        {%- do reaches.append(2 * size) -%}
        {%- do reaches.append(size + window.trailing) -%}
        {%- do reaches.append(size + ((size + window.season - 1) // window.season) * window.season) -%}
    {%- endfor -%}
    {{- return(reaches | max) -}}
{% endmacro %}


{# The confidence of the intervals of estimates and comparisons (var driftline_confidence). #}
{% macro _confidence() %}
    {%- set confidence = driftline._var('driftline_confidence', 0.95) -%}
    {%- if not driftline._is_finite(confidence) or confidence <= 0.5 or confidence >= 1 -%}
        {{- exceptions.raise_compiler_error("driftline: var 'driftline_confidence': given " ~ tojson(confidence | string) ~ '; allowed: a number over 0.5 and under 1') -}}
    {%- endif -%}
    {{- return(confidence) -}}
{% endmacro %}


{#
    How many rows a version's own reference (or a segment value's of it) must have to be held against: the judge's usual
    min_rows. With fewer nothing could ever be judged.
#}
{% macro _least_reference_rows() %}
    {{- return(100) -}}
{% endmacro %}


{# Whether a row stands for all rows of its window: over all versions and all values of a segment. #}
{% macro _is_total(rows) %}
    {{- return('(' ~ rows ~ ".model_version = 'all' and " ~ rows ~ ".segment_value = 'all')") -}}
{% endmacro %}
