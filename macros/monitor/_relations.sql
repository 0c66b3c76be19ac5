{#
    Relations that are not there: the warehouse's own error would name neither monitor nor argument. Asked where rows
    are about to be read; a compile may come before what it reads is built.
#}
{% macro _check_relations(declaration) %}
    {%- if declaration.sites is none -%}
        {%- set label = declaration.label.relation if declaration.label is not none -%}
        {%- for argument, relation in [
            ['relation', declaration.relation], ['reference.relation', declaration.reference_relation],
            ['label.relation', label],
        ] if relation -%}
            {%- if driftline._reads_rows(relation) and not driftline._is_there(relation) -%}
                {{- driftline._refuse_relation(declaration.monitor, argument, relation, 'which is not there') -}}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}


{# A relation of which the warehouse tells no columns is not there, or not for us: most engines do not say which. #}
{% macro _check_has_columns(monitor, argument, relation, columns) %}
    {%- if driftline._reads_rows(relation) and not columns -%}
        {{- driftline._refuse_relation(monitor, argument, relation, 'of which the warehouse shows no columns') -}}
    {%- endif -%}
{% endmacro %}


{# Whether this run reads a relation's rows: not where it is a part of the statement (an ephemeral model). #}
{% macro _reads_rows(relation) %}
    {{- return(flags.WHICH in ['run', 'build', 'retry'] and flags.INTROSPECT is not false and not relation.is_cte) -}}
{% endmacro %}


{% macro _refuse_relation(monitor, argument, relation, why) %}
    {{- driftline._fail(
        monitor, argument, tojson([relation.database, relation.schema, relation.identifier] | select | join('.'))
        ~ ', ' ~ why, 'a relation that is there and that ' ~ target.type ~ ' lets this profile read'
    ) -}}
{% endmacro %}


{# Whether the warehouse has a relation; true where that is seen by its columns, or first when it is read. #}
{% macro _is_there(relation) %}
    {{- return(adapter.dispatch('_is_there', 'driftline')(relation)) -}}
{% endmacro %}
{% macro default___is_there(relation) %}
    {{- return(true) -}}
{% endmacro %}
