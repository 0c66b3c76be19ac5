{#- Never dropped: on Postgres the views over it would go with it, just when a build fails and they are needed. -#}
{{ config(
    materialized='incremental',
    incremental_strategy=driftline._incremental_strategy(),
    unique_key='monitor',
    on_schema_change='append_new_columns',
    full_refresh=false,
    meta={'driftline_vars': driftline._scope_vars()}
) }}
{{- driftline._place('attempts') }}
{%- if execute -%}{%- do driftline._warn_unlisted() -%}{%- endif -%}
{#- A run with --empty reads nothing and is no attempt. -#}
{%- set attempted = [] -%}
{%- set selected = selected_resources if execute and selected_resources is defined and not flags.EMPTY else [] -%}
{%- for monitor in driftline._monitors() if 'model.' ~ project_name ~ '.' ~ monitor in selected -%}
    {%- do attempted.append(monitor) -%}
{%- endfor %}

-- Which runs of dbt set out to run each monitor: it depends on no monitor, so it is there whatever becomes of them. A
-- monitor records the run that it succeeded in; what came later failed or was skipped.
{%- for monitor in attempted %}
select
    {{ driftline._text(monitor) }} as monitor,
    {{ driftline._text(invocation_id) }} as invocation_id,
    {{ driftline._text(driftline._run_started_at()) }} as started_at
union all
{%- endfor %}
{%- if attempted and is_incremental() %}
-- The last hundred, and the first of each of the last days: they tell how long the pauses between them usually are.
select monitor, invocation_id, started_at
from (
    select
        t.*,
        row_number() over (partition by monitor order by started_at desc) as place,
        row_number() over (partition by monitor, substring(started_at, 1, 10) order by started_at) as place_of_day
    from {{ this }} as t
) as earlier
where (place < 100 or (place < 160 and place_of_day = 1))
    and monitor in (
        {%- for monitor in attempted %}{{ driftline._literal(monitor) }}{{ ', ' if not loop.last }}{% endfor -%}
    )
{%- else %}
{%- set nothing = driftline._text('') %}
select {{ nothing }} as monitor, {{ nothing }} as invocation_id, {{ nothing }} as started_at
from (select 1 as nothing) as no_monitor
where 1 = 0
{%- endif %}
