{{ config(enabled='wide' in var('driftline_monitors')) }}
{#- As wide.py makes them: every fifth column is a text. -#}
{%- set numeric = [] -%}
{%- set categorical = [] -%}
{%- for number in range(var('bench_columns')) -%}
    {%- do (categorical if number % 5 == 4 else numeric).append(('c' if number % 5 == 4 else 'n') ~ number) -%}
{%- endfor -%}
{{ driftline.monitor(
    relation    = ref('prediction_log'),
    timestamp   = 'ts',
    reference   = var('bench_reference'),
    numeric     = numeric,
    categorical = categorical,
    lookback    = var('bench_lookback')
) }}
