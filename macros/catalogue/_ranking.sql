{#
    The metrics of ranked lists, each at k and per request (the rows of one list). A list without a relevant item
        counts as
    0, one with an unknown label not at all; no prediction is needed. What an entry says: _metrics.
#}
{% macro _ranking_metrics() %}
    {%- set empty = 'no request whose labels are all known' -%}
    {{- return({
        'ndcg': {
            'label': 'NDCG', 'better': 'higher', 'bounds': [0, 1], 'empty': empty,
            'unless': ['w.hit_n > coalesce(w.ndcg_n, 0)', 'a label below 0 is no relevance'],
            'top': {'ndcg': 1}, 'rows': 'ndcg', 'chance': 'mean', 'skew': 'rate', 'compared': 'sums',
            'description': 'Gains label/log₂(place+1) of the first k against the ideal order of the whole list. Rows
                that share a place share the discounts of the places they take up, so it is never over 1; a label
                below 0 is no relevance, and a window with one has no NDCG',
            'source': 'Järvelin and Kekäläinen (2002); McSherry and Najork (2008)',
        },
        'mrr': {
            'label': 'Mean reciprocal rank', 'better': 'higher', 'bounds': [0, 1], 'empty': empty,
            'top': {'reciprocal_rank': 1}, 'rows': 'reciprocal_rank',
            'chance': 'mean', 'skew': 'rate', 'compared': 'sums',
            'description': '1/place of the first relevant item among the first k',
        },
        'hit_rate': {
            'label': 'Hit rate', 'better': 'higher', 'bounds': [0, 1], 'is_share': true, 'empty': empty,
            'top': {'hit': 1}, 'rows': 'hit', 'chance': 'share', 'compared': 'sums',
            'description': 'Share of requests with any relevant item among the first k',
        },
    }) -}}
{% endmacro %}
