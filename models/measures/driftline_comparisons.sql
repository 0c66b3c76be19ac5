{{ driftline._result('view') }}
{%- if driftline._is_needed(['comparisons']) -%}
{%- set place -%}
    row_number() over (
        partition by c.monitor, c.model_version, c.champion_version, c.segment, c.segment_value, c.family, c.metric
        order by case when c.is_complete and c.is_mature then 0 when c.is_complete then 1 else 2 end,
            case when c.span = 'cumulative' then 0 else 1 end, c.window_periods desc, c.window_end desc
    )
{%- endset %}

-- Versions against each other, and which row says how they stand now: of what is settled the latest, of as much as
-- there is.
select
    {%- for name in model.columns %}
    {{ place ~ ' = 1 as is_newest' if name == 'is_newest' else 'c.' ~ name }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ ref('driftline_int_compared') }} as c
{%- else -%}{{ driftline._empty() }}{%- endif %}
