{# Fails on every two versions of one thing that hold at the same moment: a join at a point in time would count it twice. #}
{% test one_version_at_a_time(model, key) %}

with

versions as (
    select
        {{ key }},
        dbt_valid_to,
        lead(dbt_valid_from) over (partition by {{ key }} order by dbt_valid_from, dbt_valid_to) as next_valid_from
    from {{ model }}
)

select {{ key }}
from versions
where dbt_valid_to > next_valid_from

{% endtest %}
