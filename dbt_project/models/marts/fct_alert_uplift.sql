{{ config(indexes=[{"columns": ["gym_id"]}]) }}

with

-- A member is drawn once a quarter; the digest was neither called for nor held back by chance.
drawn as (
    select distinct on (gym_id, member_id, choice_period)
        gym_id,
        member_id,
        choice_period,
        choice_decision,
        decided_at::date + 60 as outcome_date
    from {{ ref('stg_jarvis__alert_choices') }}
    where choice_decision in ('alert', 'control') and decided_at < now() - interval '61 days'
    order by gym_id asc, member_id asc, choice_period asc, decided_at asc
),

-- Left: no membership stands 60 days later.
followed as (
    select
        drawn.gym_id,
        drawn.choice_period,
        drawn.choice_decision,
        not coalesce(bool_or(
            memberships.started_date <= drawn.outcome_date
            and coalesce(memberships.cancelled_date, memberships.expires_date) > drawn.outcome_date
        ), false) as has_left
    from drawn
    left join {{ ref('stg_jarvis__memberships') }} as memberships
        on drawn.gym_id = memberships.gym_id and drawn.member_id = memberships.member_id
    group by drawn.gym_id, drawn.member_id, drawn.choice_period, drawn.choice_decision, drawn.outcome_date
),

counted as (
    select
        gym_id,
        choice_period,
        (count(*) filter (where choice_decision = 'alert'))::integer as alerted_count,
        (count(*) filter (where choice_decision = 'alert' and has_left))::integer as alerted_left_count,
        (count(*) filter (where choice_decision = 'control'))::integer as control_count,
        (count(*) filter (where choice_decision = 'control' and has_left))::integer as control_left_count
    from followed
    group by gym_id, choice_period
),

-- Agresti and Caffo 2000: one who left and one who stayed added to each group, so that small groups give no false
-- certainty; 1.959964 standard errors are 95 %.
adjusted as (
    select
        *,
        (alerted_left_count + 1.0) / (alerted_count + 2) as alerted_share,
        (control_left_count + 1.0) / (control_count + 2) as control_share
    from counted
),

measured as (
    select
        *,
        control_share - alerted_share as difference,
        1.959964 * sqrt(
            alerted_share * (1 - alerted_share) / (alerted_count + 2)
            + control_share * (1 - control_share) / (control_count + 2)
        ) as margin
    from adjusted
)

select
    md5(concat_ws('|', gym_id, choice_period)) as alert_uplift_id,
    gym_id,
    choice_period,
    alerted_count,
    alerted_left_count,
    control_count,
    control_left_count,
    (alerted_left_count::numeric / nullif(alerted_count, 0))::numeric(5, 4) as alerted_left_rate,
    (control_left_count::numeric / nullif(control_count, 0))::numeric(5, 4) as control_left_rate,
    (
        control_left_count::numeric / nullif(control_count, 0) - alerted_left_count::numeric / nullif(alerted_count, 0)
    )::numeric(5, 4) as uplift_rate,
    case when alerted_count > 0 and control_count > 0 then greatest(difference - margin, -1) end::numeric(5, 4)
        as uplift_low_rate,
    case when alerted_count > 0 and control_count > 0 then least(difference + margin, 1) end::numeric(5, 4)
        as uplift_high_rate,
    now() as built_at
from measured
