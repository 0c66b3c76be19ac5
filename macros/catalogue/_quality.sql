{#
    The rates of driftline_quality: name → {sum (of the rows it counts), base (of those it is a share of), kind (of
    columns it is looked at in; none: all)}. Out of range only finite values can be.
#}
{% macro _quality_rates() %}
    {{- return({
        'null_rate': {'sum': 'nulls', 'base': 'total', 'kind': none},
        'nan_rate': {'sum': 'nans', 'base': 'total', 'kind': 'numeric'},
        'infinite_rate': {'sum': 'infinites', 'base': 'total', 'kind': 'numeric'},
        'unseen_rate': {'sum': 'unseens', 'base': 'total', 'kind': 'categorical'},
        'out_of_range_rate': {'sum': 'out_of_range', 'base': 'finites', 'kind': 'numeric'},
    }) -}}
{% endmacro %}
