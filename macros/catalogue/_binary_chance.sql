{# What chance makes of the metrics that come from the order of the scores, and what these are made of. #}


{# Positives and negatives of the labelled rows, as effective rows, and the rows that are positive. #}
{% macro _effective_positives() %}
    {{- return('(w.all_positives / w.weight_per_row)') -}}
{% endmacro %}
{% macro _effective_negatives() %}
    {{- return('(w.all_negatives / w.weight_per_row)') -}}
{% endmacro %}
{% macro _positive_rows() %}
    {{- return('w.all_positives * (w.labelled_n / nullif(w.labelled_w, 0e0))') -}}
{% endmacro %}


{#
    Variance of an area under the ROC curve (Hanley & McNeil, Radiology 143 (1982), formula 1).

    a          SQL of the area
    pos, neg   effective numbers of positives and negatives
#}
{% macro _auc_variance(a, pos, neg) -%}
    ({{ a }} * (1e0 - {{ a }})
    + greatest({{ pos }} - 1e0, 0e0) * ({{ a }} / (2e0 - {{ a }}) - {{ a }} * {{ a }})
    + greatest({{ neg }} - 1e0, 0e0) * (2e0 * {{ a }} * {{ a }} / (1e0 + {{ a }}) - {{ a }} * {{ a }}))
    / nullif({{ pos }} * {{ neg }}, 0e0)
{%- endmacro %}


{#
    Variance of the share of the positives that is among a tenth of the rows. Of the tenth and of the rest each row is
    positive or not: the delta method over both binomial counts.
#}
{% macro _capture_variance(positives, negatives) %}
    {%- set all_rows = '(' ~ positives ~ ' + ' ~ negatives ~ ')' -%}
    {%- set inside = '(w.capture * ' ~ positives ~ ')' -%}
    {%- set outside = '((1e0 - w.capture) * ' ~ positives ~ ')' -%}
    ({{ outside }} * {{ outside }} * {{ inside }}
        * greatest(1e0 - {{ inside }} / nullif(0.1e0 * {{ all_rows }}, 0e0), 0e0)
    + {{ inside }} * {{ inside }} * {{ outside }}
        * (1e0 - {{ outside }} / nullif(0.9e0 * {{ all_rows }}, 0e0)))
    / nullif({{ positives }} * {{ positives }} * {{ positives }} * {{ positives }}, 0e0)
{%- endmacro %}


{# The change of the estimated area with the calibrated share of one bin, from both sides. #}
{% macro _auc_slope() -%}
    w * ((negatives_below + 0.5e0 * n) - (positives_above + 0.5e0 * p)) / nullif(positives * negatives, 0e0)
    - w * auc_sum / nullif(positives * negatives, 0e0)
        * (1e0 / nullif(positives, 0e0) - 1e0 / nullif(negatives, 0e0))
{%- endmacro %}
