with

scores as (
    select * from {{ ref('stg_jarvis__churn_scores') }}
),

memberships as (
    select
        *,
        least(expires_date, coalesce(cancelled_date, expires_date)) as ended_date
    from {{ ref('stg_jarvis__memberships') }}
),

-- A member counts once a month and source, on the first day of the highest level they had in it.
highest as (
    select distinct on (member_id, date_trunc('month', as_of_date), model_version_id is null)
        gym_id,
        member_id,
        as_of_date,
        date_trunc('month', as_of_date)::date as month_date,
        case when model_version_id is null then 'rules' else 'model' end as score_source,
        risk_level
    from scores
    order by
        member_id,
        date_trunc('month', as_of_date),
        model_version_id is null,
        array_position(array['low', 'medium', 'high', 'critical'], risk_level) desc,
        as_of_date asc
),

-- The membership of that day, of several the one that ends last; without one there is no outcome to look up.
held as (
    select distinct on (highest.member_id, highest.month_date, highest.score_source)
        highest.*,
        memberships.started_date,
        memberships.ended_date
    from highest
    inner join memberships
        on highest.member_id = memberships.member_id
        and memberships.started_date < highest.as_of_date
        and memberships.ended_date >= highest.as_of_date
    order by highest.member_id, highest.month_date, highest.score_source, memberships.ended_date desc
),

-- Known once the 60 days and the 30 days for a renewal are over.
settled as (
    select
        held.*,
        held.as_of_date + 90 <= current_date as is_settled,
        held.ended_date < held.as_of_date + 60
        and not exists (
            select 1
            from memberships as others
            where others.member_id = held.member_id
                and others.started_date >= held.as_of_date
                and others.started_date <= held.ended_date + 30
        ) as has_left
    from held
),

counted as (
    select
        gym_id,
        month_date,
        risk_level,
        score_source,
        count(*)::integer as scored_count,
        (count(*) filter (where is_settled))::integer as settled_count,
        (count(*) filter (where is_settled and has_left))::integer as left_count
    from settled
    group by gym_id, month_date, risk_level, score_source
),

final as (
    select
        md5(concat_ws('|', gym_id, month_date, risk_level, score_source)) as churn_outcome_id,
        gym_id,
        month_date,
        risk_level,
        score_source,
        scored_count,
        settled_count,
        left_count,
        (left_count::numeric / nullif(settled_count, 0))::numeric(5, 4) as left_rate,
        now() as built_at
    from counted
)

select * from final
