-- Nobody is counted twice in a month and source, and nobody is settled or gone who was not counted.

with

built as (
    select coalesce(min(built_at), now()) as built_at from {{ ref('fct_churn_outcomes') }}
),

counted as (
    select
        gym_id,
        month_date,
        score_source,
        sum(scored_count) as scored_count,
        bool_or(settled_count > scored_count or left_count > settled_count) as is_impossible
    from {{ ref('fct_churn_outcomes') }}
    group by gym_id, month_date, score_source
),

members as (
    select
        gym_id,
        date_trunc('month', as_of_date)::date as month_date,
        case when model_version_id is null then 'rules' else 'model' end as score_source,
        count(distinct member_id) as member_count,
        max(scored_at) as last_scored_at
    from {{ ref('stg_jarvis__churn_scores') }}
    group by 1, 2, 3
)

select counted.gym_id
from counted
left join members
    on counted.gym_id = members.gym_id
    and counted.month_date = members.month_date
    and counted.score_source = members.score_source
cross join built
where
    counted.is_impossible
    or (
        counted.scored_count > coalesce(members.member_count, 0)
        and coalesce(members.last_scored_at, '-infinity') < built.built_at
    )
