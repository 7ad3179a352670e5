-- The churn stage: what a score may rest on, the scores of a day, and the models that give them.

-- histories --
-- One row per member with the days they were seen, what they said and what they bought; days are the gym's own.
select
    members.gym_id,
    members.id as member_id,
    coalesce(members.member_since, (members.created_at at time zone gyms.timezone)::date) as joined_on,
    members.is_active,
    extract(year from members.birth_date)::integer as birth_year,
    seen.days as seen_on,
    talks.days as talk_days,
    talks.scores as talk_scores,
    talks.negative as talk_negative,
    talks.wants_out as talk_wants_out,
    contracts.plans,
    contracts.started_on,
    contracts.expires_on,
    contracts.cancelled_on,
    contracts.prices
from public.gym_members_v2 as members
inner join public.gyms on members.gym_id = gyms.id
left join lateral (
    select array_agg(arrivals.day order by arrivals.day) as days
    from (
        select (visits.visited_at at time zone gyms.timezone)::date as day
        from public.member_visits as visits
        where visits.gym_id = members.gym_id and visits.member_id = members.id
            and visits.visited_at >= %(since)s::date and visits.visited_at < %(until)s::date + 1
        union
        -- Whoever talks to the kiosk is there.
        select (sessions.started_at at time zone gyms.timezone)::date as day
        from public.openai_realtime_sessions as sessions
        where sessions.gym_id = members.gym_id and sessions.member_id = members.id
            and sessions.started_at >= %(since)s::date and sessions.started_at < %(until)s::date + 1
    ) as arrivals
) as seen on true
left join lateral (
    select
        array_agg((sessions.started_at at time zone gyms.timezone)::date order by sessions.started_at) as days,
        array_agg(summaries.sentiment_score::double precision order by sessions.started_at) as scores,
        array_agg(coalesce(summaries.sentiment_label = 'negative', false) order by sessions.started_at) as negative,
        array_agg(
            coalesce(summaries.intents_detected && array['cancel_membership', 'freeze_membership'], false)
            order by sessions.started_at
        ) as wants_out
    from public.openai_realtime_sessions as sessions
    left join public.conversation_summaries as summaries
        on sessions.id = summaries.session_id and summaries.status = 'completed'
    where sessions.gym_id = members.gym_id and sessions.member_id = members.id and sessions.state = 'closed'
        and sessions.started_at < %(until)s::date + 1
) as talks on true
left join lateral (
    select
        array_agg(memberships.plan order by memberships.started_on, memberships.expires_on) as plans,
        array_agg(memberships.started_on order by memberships.started_on, memberships.expires_on) as started_on,
        array_agg(memberships.expires_on order by memberships.started_on, memberships.expires_on) as expires_on,
        array_agg(memberships.cancelled_on order by memberships.started_on, memberships.expires_on) as cancelled_on,
        array_agg(
            memberships.monthly_price_eur::double precision order by memberships.started_on, memberships.expires_on
        ) as prices
    from public.memberships
    where memberships.gym_id = members.gym_id and memberships.member_id = members.id
) as contracts on true
where (%(gym_id)s::uuid is null or members.gym_id = %(gym_id)s::uuid)
    -- Who refused to be profiled is neither scored nor learned from; the newest answer counts.
    and coalesce(
        (
            select consents.is_granted
            from public.consents
            where consents.gym_id = members.gym_id and consents.member_id = members.id
                and consents.purpose = 'churn_profiling'
            order by consents.recorded_at desc
            limit 1
        ),
        true
    )
order by members.gym_id, members.id;

-- hold_scoring --
-- One run scores at a time, until the transaction ends.
select pg_advisory_xact_lock(hashtext('jarvis.churn_scores'));

-- save_scores --
-- The day's rows are the given ones: changed where they stand, new ones added.
insert into public.churn_scores (
    gym_id, member_id, as_of_date, scored_at, score, level, factors, rules_score, rules_version, model_version_id,
    is_calibrated, counterfactual, pooled, held_back_reason
)
select
    staged.gym_id, staged.member_id, %(as_of)s::date, clock_timestamp(), staged.score, staged.level, staged.factors,
    staged.rules_score, staged.rules_version, staged.model_version_id, staged.is_calibrated, staged.counterfactual,
    staged.pooled, staged.held_back_reason
from jsonb_to_recordset(%(scores)s::jsonb) as staged (
    gym_id uuid, member_id uuid, score numeric, level text, factors jsonb, rules_score numeric, rules_version text,
    model_version_id uuid, is_calibrated boolean, counterfactual text, pooled boolean, held_back_reason text
)
on conflict (gym_id, member_id, as_of_date) do update
set scored_at = excluded.scored_at,
    score = excluded.score,
    level = excluded.level,
    factors = excluded.factors,
    rules_score = excluded.rules_score,
    rules_version = excluded.rules_version,
    model_version_id = excluded.model_version_id,
    is_calibrated = excluded.is_calibrated,
    counterfactual = excluded.counterfactual,
    pooled = excluded.pooled,
    held_back_reason = excluded.held_back_reason;

-- drop_stale_scores --
-- A member who is no longer scored on that day has no row of it.
delete from public.churn_scores as scores
where scores.as_of_date = %(as_of)s::date and scores.member_id <> all (%(member_ids)s::uuid[]);

-- save_current --
-- Each member's analytics show their newest score; other columns belong to the members stage and stay.
insert into public.member_analytics as analytics (
    member_id, gym_id, churn_risk_score, churn_risk_level, churn_factors, last_churn_analysis_at
)
select
    scores.member_id, scores.gym_id, scores.score, scores.level, scores.factors, scores.scored_at
from public.churn_scores as scores
where scores.as_of_date = %(as_of)s::date
    and not exists (
        select from public.churn_scores as newer
        where newer.gym_id = scores.gym_id and newer.member_id = scores.member_id
            and newer.as_of_date > scores.as_of_date
    )
on conflict (member_id) do update
set churn_risk_score = excluded.churn_risk_score,
    churn_risk_level = excluded.churn_risk_level,
    churn_factors = excluded.churn_factors,
    last_churn_analysis_at = excluded.last_churn_analysis_at;

-- clear_unscored --
-- Who has no score of the newest day, or has left, shows none: an old score is no news of today.
update public.member_analytics as analytics
set churn_risk_score = null,
    churn_risk_level = null,
    churn_factors = null,
    last_churn_analysis_at = clock_timestamp()
where analytics.churn_risk_score is not null
    and not exists (select from public.churn_scores where churn_scores.as_of_date > %(as_of)s::date)
    and not exists (
        select from public.churn_scores as scores
        where scores.gym_id = analytics.gym_id and scores.member_id = analytics.member_id
            and scores.as_of_date = %(as_of)s::date
    );

-- newest_day --
-- The last day that was scored, how many scores it has, and how many are held back.
select
    scores.as_of_date as as_of,
    count(*)::integer as scored,
    count(*) filter (where scores.held_back_reason is not null)::integer as held_back,
    count(*) filter (where scores.model_version_id is not null)::integer as by_model
from public.churn_scores as scores
group by scores.as_of_date
order by scores.as_of_date desc
limit 1;
