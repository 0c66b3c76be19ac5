{{ config(materialized='view') }}
{%- set logs = env_var('PREDICTION_LOGS', 'logs') %}
{%- set folders = "hive_partitioning = true, hive_types = {'year': int, 'month': int, 'day': int, 'hour': int}" %}
{%- set hour = 'make_timestamp(year::bigint, month::bigint, day::bigint, hour::bigint, 0, 0) as served_hour' %}

-- Every record of every file, whether it fits the contract or not: `problem` says why one does not. A filter on
-- served_hour reaches the folders, because it is made of nothing but their names, right beside the reading.
with records as (
    select json as record, {{ hour }}
    from read_json_objects(
        '{{ logs }}/fluentd/predictions/*/*/*/*/*.log.gz', format = 'newline_delimited', ignore_errors = true,
        {{ folders }}
    )
    union all
    select json, {{ hour }}
    from read_json_objects(
        '{{ logs }}/kafka/topics/predictions/*/*/*/*/*.json', format = 'newline_delimited', ignore_errors = true,
        {{ folders }}
    )
    union all
    -- The features are a text with JSON: a feature more is no other schema, and no older file is opened for it.
    select
        json_object(
            'event_id', event_id, 'event_time', event_time, 'received_at', received_at, 'model', model,
            'model_version', model_version, 'score', score,
            'features', case when json_valid(features) then features::json else to_json(features) end
        ),
        {{ hour }}
    from read_parquet('{{ logs }}/firehose/predictions/*/*/*/*/*.parquet', {{ folders }})
),

fields as (
    select
        served_hour, record,
        case when json_type(record, '$.event_id') = 'VARCHAR' then record ->> 'event_id' end as event_id,
        case when json_type(record, '$.event_time') = 'VARCHAR' then record ->> 'event_time' end as event_time_text,
        case when json_type(record, '$.received_at') = 'VARCHAR' then record ->> 'received_at' end as received_at_text,
        case when json_type(record, '$.model') = 'VARCHAR' then record ->> 'model' end as model,
        case when json_type(record, '$.model_version') = 'VARCHAR' then record ->> 'model_version' end as model_version,
        case when json_type(record, '$.score') in ('DOUBLE', 'BIGINT', 'UBIGINT') then (record ->> 'score')::double end
            as score,
        json_type(record, '$.features') as features_type
    from records
),

timed as (
    select
        *,
        {%- for name in ['event_time', 'received_at'] %}
        -- A time without an offset is nobody's time.
        case
            when regexp_full_match({{ name }}_text, '\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d([.]\d+)?([Zz]|[+-]\d\d:\d\d)')
                then try_cast({{ name }}_text as timestamptz) at time zone 'UTC'
        end as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from fields
)

select
    served_hour, event_id, event_time, received_at, model, model_version, score,
    -- What the model was given; a feature that older records do not have is NULL in them.
    try_cast(record ->> '$.features.item_price' as double) as item_price,
    record ->> '$.features.country' as country,
    try_cast(record ->> '$.features.discount' as double) as discount,
    case
        when record is null then 'no JSON'
        when json_type(record) <> 'OBJECT' then 'no object'
        when coalesce(event_id, '') = '' then 'event_id is no text'
        when event_time is null then 'event_time is no time with an offset'
        when received_at_text is not null and received_at is null
            or json_type(record, '$.received_at') not in ('VARCHAR', 'NULL')
            then 'received_at is no time with an offset'
        when coalesce(model, '') = '' then 'model is no text'
        when coalesce(model_version, '') = '' then 'model_version is no text'
        when features_type is distinct from 'OBJECT' then 'features is no object'
        when score is null then 'score is no number'
        when date_trunc('hour', event_time) <> served_hour then 'in the folder of another hour'
    end as problem,
    record
from timed
