{#
    The default thresholds as SQL: a row for each of the seed driftline_default_thresholds, with its columns. Judging
    reads them here and needs no seed in the warehouse: no selection by lineage (`monitor+`) has one. The table is for
    whoever looks at the defaults beside the results.
#}
{% macro _default_thresholds() %}
    {%- set names = ['family', 'metric', 'baseline', 'column_kind', 'compare', 'direction', 'warn', 'critical',
        'or_compare', 'or_direction', 'or_warn', 'or_critical', 'least_difference', 'over_noise', 'min_rows',
        'consecutive', 'windows', 'segments', 'versions'] -%}
    {%- set types = {'min_rows': dbt.type_int(), 'consecutive': dbt.type_int()} -%}
    {%- for name in ['warn', 'critical', 'or_warn', 'or_critical', 'least_difference', 'over_noise'] -%}
        {%- do types.update({name: driftline._type_double()}) -%}
    {%- endfor -%}
    {%- set text = driftline._type_text() -%}
    {%- set double = driftline._type_double() -%}
    {%- set rows = [] -%}
    {%- for line in driftline._default_threshold_lines().split('\n') -%}
        {%- set is_first = loop.first -%}
        {%- set row = [] -%}
        {%- for field in line.split(',') -%}
            {%- set type = types.get(names[loop.index0], text) -%}
            {%- set value = 'null' if field == '' else "'" ~ field ~ "'" if type == text
                else field ~ 'e0' if type == double else field -%}
            {#- The first row says the type of all. -#}
            {%- do row.append('cast(' ~ value ~ ' as ' ~ type ~ ')' if is_first else value) -%}
        {%- endfor -%}
        {%- do rows.append(row) -%}
    {%- endfor -%}
    {{- driftline._constant_rows(names, rows) -}}
{% endmacro %}


{# The lines of seeds/driftline_default_thresholds.csv, long ones in two: change them there and run `make docs`. #}
{% macro _default_threshold_lines() %}
    {%- set lines -%}
{# From the seed: make docs #}
drift,psi,reference,any,value,above,0.1,0.25,,,,,,1,100,,shortest,total,total
drift,ks_lower,reference,numeric,value,above,0.08,0.2,,,,,,1,100,,shortest,total,total
drift,mean_shift,reference,numeric,value,both,0.1,0.5,,,,,,1,100,2,shortest,total,total
drift,spread_ratio,reference,numeric,relative,both,0.15,1.0,,,,,,1,100,2,shortest,total,total
drift,class_change,reference,categorical,value,above,0.08,0.5,,,,,,1,100,2,shortest,total,total
quality,null_rate,reference,any,difference,above,0.02,0.1,odds,both,0.5,,0.002,,100,,shortest,total,total
quality,nan_rate,reference,numeric,difference,above,0.02,0.1,odds,both,0.5,,0.002,,100,,shortest,total,total
quality,infinite_rate,reference,numeric,difference,above,0.02,0.1,odds,both,0.5,,0.002,,100,,shortest,total,total
quality,unseen_rate,reference,categorical,difference,above,0.02,0.1,odds,both,0.5,,0.002,,100,,shortest,total,total
quality,out_of_range_rate,reference,numeric,difference,above,0.05,0.2,,,,,,,100,,shortest,total,total
business,any,trailing,any,relative,both,0.2,0.5,,,,,,1,100,1,shortest,total,total
business,any,reference,any,relative,both,0.2,0.5,,,,,,1,100,1,shortest,total,total
trend,any,trailing,measure,relative,both,0.1,0.3,,,,,,,100,1,shortest,total,total
trend,any,trailing,numeric,relative,both,,,,,,,,,100,1,shortest,total,total
trend,any,trailing,categorical,relative,both,,,,,,,,,100,1,shortest,total,total
performance,roc_auc,reference,performance,difference,below,0.05,0.1,errors,below,0.25,1.0,0.01,,100,,shortest,total
,total
performance,accuracy,reference,performance,difference,below,0.05,0.1,errors,below,0.25,1.0,0.01,,100,,shortest,total
,total
performance,macro_f1,reference,performance,difference,below,0.05,0.1,errors,below,0.25,1.0,0.01,,100,,shortest,total
,total
performance,expected_calibration_error,reference,performance,difference,above,0.05,0.1,,,,,,,100,,shortest,total,total
performance,mae,reference,performance,relative,above,0.15,0.3,,,,,,,100,,shortest,total,total
performance,ndcg,reference,performance,relative,below,0.15,0.3,,,,,,,100,,shortest,total,total
estimate,roc_auc,reference,performance,difference,below,0.05,0.1,errors,below,0.25,1.0,0.01,1,100,,shortest,total
,total
estimate,accuracy,reference,performance,difference,below,0.05,0.1,errors,below,0.25,1.0,0.01,1,100,,shortest,total
,total
estimate,mae,reference,performance,relative,above,0.15,0.3,,,,,,1,100,,shortest,total,total
trend,performance_roc_auc,trailing,performance,relative,both,0.1,0.3,,,,,,,100,1,shortest,total,total
trend,performance_mae,trailing,performance,relative,both,0.1,0.3,,,,,,,100,1,shortest,total,total
trend,performance_ndcg,trailing,performance,relative,both,0.1,0.3,,,,,,,100,1,shortest,total,total
concept,label_mean_standardized,reference,any,relative,both,0.2,0.5,,,,,,1,100,,shortest,total,total
concept,loss_mean_standardized,reference,any,relative,above,0.15,0.3,,,,,,1,100,,shortest,total,total
fairness,demographic_parity_difference,reference,fairness,difference,above,0.1,0.2,,,,,,1,100,,shortest,each,total
fairness,equal_opportunity_difference,reference,fairness,difference,above,0.1,0.2,,,,,,1,100,,shortest,each,total
freshness,missing_periods,none,any,value,above,0.5,1.5,,,,,,,1,1,shortest,each,total
volume,row_count,trailing,any,relative,below,0.5,0.8,,,,,,,10,1,shortest,total,total
comparison,sample_ratio,none,traffic,difference,both,0.01,0.05,,,,,,,100,,shortest,total,each
comparison,any,none,version,value,below,0.03,0.1,,,,,,,100,,shortest,total,each
{# End of the seed #}
    {%- endset -%}
    {{- return((lines | trim).replace('\n,', ',')) -}}
{% endmacro %}
