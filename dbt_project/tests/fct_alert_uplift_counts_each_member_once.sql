-- Every member who was alerted or held back is counted once a quarter, as soon as 61 days have passed.

with

built as (
    select coalesce(min(built_at), now()) as built_at from {{ ref('fct_alert_uplift') }}
),

counted as (
    select
        gym_id,
        sum(alerted_count + control_count) as member_count
    from {{ ref('fct_alert_uplift') }}
    group by gym_id
),

drawn as (
    select
        choices.gym_id,
        count(distinct (choices.member_id, choices.choice_period)) as member_count
    from {{ ref('stg_jarvis__alert_choices') }} as choices
    cross join built
    where choices.choice_decision in ('alert', 'control')
        and choices.decided_at < built.built_at - interval '61 days'
    group by choices.gym_id
)

select coalesce(drawn.gym_id, counted.gym_id) as gym_id
from drawn
full outer join counted on drawn.gym_id = counted.gym_id
where coalesce(drawn.member_count, 0) <> coalesce(counted.member_count, 0)
