{#
    Fails on every key that only one of the two has: a join that multiplied or lost rows shows here.
    `moment` dates the rows of `to`, so that those younger than the mart are not called missing.
#}
{% test same_rows_as(model, column_name, to, field, moment, to_condition='true') %}

with

here as (
    select {{ column_name }} as row_key from {{ model }}
),

there as (
    select
        {{ field }} as row_key,
        {{ moment }} as moment
    from {{ to }}
    where {{ to_condition }}
),

missing as (
    select row_key from there
    -- An empty mart has no built_at, and lacks everything.
    where moment < (select {{ settled_before('coalesce(max(built_at), now())') }} from {{ model }})
    except all
    select row_key from here
),

surplus as (
    select row_key from here
    except all
    select row_key from there
)

select row_key, 'missing' as fault from missing
union all
select row_key, 'surplus' as fault from surplus

{% endtest %}
