-- What is kept of past days, for previews of alerts' thresholds: as a person of the gym may see it, or the pipeline.

-- gym --
-- A gym with what its thresholds are now.
select
    gyms.id, gyms.timezone, gyms.opening_hours, gyms.alert_budget_per_week,
    gyms.churn_alert_threshold::double precision as churn_alert_threshold,
    gyms.voice_budget_usd, gyms.voice_budget_cheaper_share,
    thresholds.kiosk_silence_minutes, thresholds.milestone_visits, thresholds.checkins_silent_hours
from public.gyms
left join lateral app.held_thresholds(gyms.id) as thresholds on true
where gyms.id = %(gym_id)s::uuid;

-- scored_days --
-- Every stored score of a gym between two days.
select
    scores.member_id, scores.as_of_date as day, scores.score::double precision as score,
    scores.held_back_reason is not null as is_held_back, scores.level in ('high', 'critical') as is_high
from public.churn_scores as scores
where scores.gym_id = %(gym_id)s::uuid
    and scores.as_of_date between %(first_day)s::date and %(last_day)s::date
order by scores.as_of_date, scores.member_id;

-- findings --
-- The analysed conversations that ended between two moments, as the alerts stage weighs them but for visits.
select
    summaries.gym_id,
    summaries.session_id,
    summaries.kiosk_id,
    summaries.member_id,
    sessions.ended_at as occurred_at,
    summaries.sentiment_score::double precision as sentiment_score,
    summaries.sentiment_label,
    summaries.emotion_detected,
    summaries.key_topics,
    summaries.intents_detected,
    summaries.issues,
    true as keeps_health,
    0 as total_visits,
    0 as visits_before_fresh
from public.conversation_summaries as summaries
inner join public.openai_realtime_sessions as sessions on summaries.session_id = sessions.id
where summaries.gym_id = %(gym_id)s::uuid
    and sessions.gym_id = %(gym_id)s::uuid
    and summaries.status = 'completed'
    and sessions.ended_at >= %(since)s::timestamptz
    and sessions.ended_at < %(until)s::timestamptz
order by sessions.ended_at, summaries.session_id;

-- labels --
-- The labels of the members' own turns in these conversations, in the order spoken; no word of them.
select
    turns.session_id,
    turns.id::text as turn_id,
    '' as text,
    turns.started_at as said_at,
    turns.sentiment_score::double precision as sentiment_score,
    turns.sentiment_label,
    turns.intents
from public.session_turns as turns
inner join public.openai_realtime_sessions as sessions
    on turns.gym_id = sessions.gym_id and turns.session_id = sessions.id
where turns.gym_id = %(gym_id)s::uuid
    and sessions.ended_at >= %(since)s::timestamptz
    and sessions.ended_at < %(until)s::timestamptz
    and turns.role = 'member'
    and turns.status <> 'failed'
    and (trim(turns.text) <> '' or sessions.words_forgotten_at is not null)
order by turns.session_id, turns.position, turns.started_at;

-- visits --
-- Each member's visits from a moment on, and how many came before it; members who came between two moments only.
select
    visits.member_id,
    (count(*) filter (where visits.visited_at < %(fresh_since)s::timestamptz))::integer as before,
    coalesce(
        array_agg(visits.visited_at order by visits.visited_at)
            filter (where visits.visited_at >= %(fresh_since)s::timestamptz), '{}'
    ) as visited_at
from public.member_visits as visits
inner join public.gym_members_v2 as members on visits.gym_id = members.gym_id and visits.member_id = members.id
where visits.gym_id = %(gym_id)s::uuid
    and visits.visited_at < %(until)s::timestamptz
    and members.is_active
group by visits.member_id
having max(visits.visited_at) >= %(since)s::timestamptz;

-- check_ins --
-- When somebody came, from four weeks before the last visit that came before the days.
select visits.visited_at
from public.member_visits as visits
where visits.gym_id = %(gym_id)s::uuid
    and visits.visited_at < %(until)s::timestamptz
    and visits.visited_at > coalesce((
        select max(earlier.visited_at)
        from public.member_visits as earlier
        where earlier.gym_id = %(gym_id)s::uuid and earlier.visited_at < %(since)s::timestamptz
    ), %(since)s::timestamptz) - interval '28 days'
order by visits.visited_at;

-- closed_days --
-- Days of the gym's calendar that a closure covers; and those of the two days after it, when visits are few yet.
select days.day::date as day, bool_or(days.day::date <= closures.ends_on) as is_closed
from public.gym_closures as closures
cross join lateral generate_series(
    greatest(closures.starts_on, %(first_day)s::date),
    least(closures.ends_on + 2, %(last_day)s::date),
    interval '1 day'
) as days (day)
where closures.gym_id = %(gym_id)s::uuid
group by days.day
order by days.day;

-- held_back --
-- Why scores of each day were held back because of the gym's data; a scored day without a reason stands too.
select
    scores.as_of_date as day,
    coalesce(
        array_agg(distinct scores.held_back_reason)
            filter (where scores.held_back_reason in ('checkins_silent', 'features_drifted')), '{}'
    ) as reasons
from public.churn_scores as scores
where scores.gym_id = %(gym_id)s::uuid
    and scores.as_of_date between %(first_day)s::date and %(last_day)s::date
group by scores.as_of_date
order by scores.as_of_date;

-- kiosks_in_service --
-- The gym's kiosks that should be heard.
select kiosks.id as kiosk_id, kiosks.name
from public.kiosks
where kiosks.gym_id = %(gym_id)s::uuid
    and kiosks.status in ('online', 'error', 'offline')
    and kiosks.last_heartbeat is not null;

-- silences --
-- Gaps between two signs of life of one kiosk that are long enough to be offline; the last one may last still.
select beats.kiosk_id, beats.received_at as began_at, beats.next_at as ended_at
from (
    select
        heartbeats.kiosk_id,
        heartbeats.received_at,
        lead(heartbeats.received_at) over (
            partition by heartbeats.kiosk_id order by heartbeats.received_at
        ) as next_at
    from public.kiosk_heartbeats as heartbeats
    inner join public.kiosks on heartbeats.gym_id = kiosks.gym_id and heartbeats.kiosk_id = kiosks.id
    where heartbeats.gym_id = %(gym_id)s::uuid
        and kiosks.status in ('online', 'error', 'offline')
) as beats
where beats.received_at < %(until)s::timestamptz
    and coalesce(beats.next_at, %(until)s::timestamptz) > %(since)s::timestamptz
    and coalesce(beats.next_at, %(until)s::timestamptz) - beats.received_at >= %(offline_after)s::interval
order by beats.received_at, beats.kiosk_id;

-- days_heard --
-- On how many days of the gym's calendar any of its kiosks was heard.
select count(distinct (heartbeats.received_at at time zone gyms.timezone)::date)::integer as days
from public.kiosk_heartbeats as heartbeats
inner join public.gyms on heartbeats.gym_id = gyms.id
where heartbeats.gym_id = %(gym_id)s::uuid
    and heartbeats.received_at >= %(since)s::timestamptz
    and heartbeats.received_at < %(until)s::timestamptz;

-- costs --
-- What each session cost, in the order in which they ended.
select sessions.ended_at, sessions.cost_usd
from public.openai_realtime_sessions as sessions
where sessions.gym_id = %(gym_id)s::uuid
    and sessions.ended_at >= %(month_began_at)s::timestamptz
    and sessions.ended_at < %(until)s::timestamptz
    and sessions.cost_usd > 0
order by sessions.ended_at, sessions.id;
