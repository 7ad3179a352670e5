-- gyms --
-- The gyms this person sees, by slug.
select gyms.id, gyms.slug, gyms.name, gyms.city, gyms.status, gyms.timezone, gyms.franchise_id
from public.gyms
where (%(after_slug)s::text is null or gyms.slug > %(after_slug)s::text)
order by gyms.slug
limit %(asked)s::integer;

-- members --
-- The register by name, from the member after one; the place is looked up, so that no name is in a cursor.
select
    members.id,
    members.gym_id,
    gyms.name as gym_name,
    members.first_name,
    members.last_name,
    members.membership_type,
    members.is_active,
    members.member_since,
    members.last_visit as last_visit_at,
    analytics.total_conversations as conversation_count,
    analytics.last_conversation_at,
    analytics.avg_sentiment_score::double precision as mean_sentiment_score,
    analytics.engagement_score::double precision as engagement_score,
    analytics.is_new,
    analytics.visit_trend,
    analytics.usual_visits_per_week::double precision as usual_visits_per_week,
    analytics.churn_risk_score::double precision as churn_risk_score,
    analytics.churn_risk_level,
    analytics.churn_held_back_reason,
    analytics.is_at_risk
from public.gym_members_v2 as members
inner join public.gyms on gyms.id = members.gym_id
left join public.member_analytics as analytics
    on analytics.gym_id = members.gym_id and analytics.member_id = members.id
where (%(gym_id)s::uuid is null or members.gym_id = %(gym_id)s::uuid)
    and (%(is_active)s::boolean is null or members.is_active = %(is_active)s::boolean)
    -- A score that is held back has no level to act on: as the members' page and the figures count.
    and (
        %(churn_risk_level)s::text is null
        or (analytics.churn_risk_level = %(churn_risk_level)s::text and analytics.churn_held_back_reason is null)
    )
    and (%(is_at_risk)s::boolean is null or coalesce(analytics.is_at_risk, false) = %(is_at_risk)s::boolean)
    and (%(is_new)s::boolean is null or coalesce(analytics.is_new, false) = %(is_new)s::boolean)
    and (%(visit_trend)s::text is null or analytics.visit_trend = %(visit_trend)s::text)
    and (
        %(after_id)s::uuid is null
        or (coalesce(members.last_name, ''), coalesce(members.first_name, ''), members.id) > (
            select coalesce(place.last_name, ''), coalesce(place.first_name, ''), place.id
            from public.gym_members_v2 as place
            where place.id = %(after_id)s::uuid
        )
    )
order by coalesce(members.last_name, ''), coalesce(members.first_name, ''), members.id
limit %(asked)s::integer;

-- member --
-- One member with what the desk needs to reach them.
select
    members.id,
    members.gym_id,
    gyms.name as gym_name,
    members.first_name,
    members.last_name,
    members.email,
    members.phone,
    members.membership_type,
    members.is_active,
    members.member_since,
    members.last_visit as last_visit_at,
    preferences.language,
    memberships.plan as membership_plan,
    memberships.status as membership_status,
    memberships.expires_on as membership_expires_date,
    analytics.total_conversations as conversation_count,
    analytics.last_conversation_at,
    analytics.avg_sentiment_score::double precision as mean_sentiment_score,
    analytics.engagement_score::double precision as engagement_score,
    analytics.is_new,
    analytics.visit_trend,
    analytics.usual_visits_per_week::double precision as usual_visits_per_week,
    analytics.churn_risk_score::double precision as churn_risk_score,
    analytics.churn_risk_level,
    analytics.churn_held_back_reason,
    analytics.is_at_risk,
    analytics.conversation_frequency,
    analytics.sentiment_trend,
    analytics.days_since_last_visit,
    analytics.counted_days_since_last_visit,
    analytics.expected_gap_days::double precision as expected_gap_days,
    analytics.visit_frequency_per_week::double precision as visit_frequency_per_week,
    analytics.mute_reason,
    analytics.muted_until as muted_until_date,
    analytics.observed_on as observed_date
from public.gym_members_v2 as members
inner join public.gyms on gyms.id = members.gym_id
left join public.member_preferences as preferences
    on preferences.gym_id = members.gym_id and preferences.member_id = members.id
left join lateral (
    select latest.plan, latest.status, latest.expires_on
    from public.memberships as latest
    where latest.gym_id = members.gym_id and latest.member_id = members.id
    order by latest.expires_on desc, latest.id
    limit 1
) as memberships on true
left join public.member_analytics as analytics
    on analytics.gym_id = members.gym_id and analytics.member_id = members.id
where members.id = %(id)s::uuid;

-- sessions --
-- Sessions, the latest first, with what the analysis says of them.
select
    sessions.id,
    sessions.gym_id,
    gyms.name as gym_name,
    sessions.kiosk_id,
    kiosks.name as kiosk_name,
    sessions.member_id,
    members.first_name as member_first_name,
    members.last_name as member_last_name,
    sessions.badge_outcome,
    sessions.state,
    sessions.started_at,
    sessions.ended_at,
    sessions.close_reason,
    sessions.language,
    sessions.cost_usd,
    summaries.status as analysis_status,
    summaries.sentiment_score::double precision as sentiment_score,
    summaries.sentiment_label,
    summaries.emotion_detected as emotion,
    summaries.key_topics,
    summaries.intents_detected as intents,
    summaries.outcome
from public.openai_realtime_sessions as sessions
inner join public.gyms on gyms.id = sessions.gym_id
inner join public.kiosks on kiosks.gym_id = sessions.gym_id and kiosks.id = sessions.kiosk_id
left join public.gym_members_v2 as members
    on members.gym_id = sessions.gym_id and members.id = sessions.member_id
left join public.conversation_summaries as summaries
    on summaries.gym_id = sessions.gym_id and summaries.session_id = sessions.id
where (%(gym_id)s::uuid is null or sessions.gym_id = %(gym_id)s::uuid)
    and (%(kiosk_id)s::uuid is null or sessions.kiosk_id = %(kiosk_id)s::uuid)
    and (%(member_id)s::uuid is null or sessions.member_id = %(member_id)s::uuid)
    and (%(state)s::text is null or sessions.state = %(state)s::text)
    and (%(sentiment_label)s::text is null or summaries.sentiment_label = %(sentiment_label)s::text)
    and (%(since)s::timestamptz is null or sessions.started_at >= %(since)s::timestamptz)
    and (%(until)s::timestamptz is null or sessions.started_at < %(until)s::timestamptz)
    and (
        %(after_at)s::timestamptz is null
        or (sessions.started_at, sessions.id) < (%(after_at)s::timestamptz, %(after_id)s::uuid)
    )
order by sessions.started_at desc, sessions.id desc
limit %(asked)s::integer;

-- session --
-- One session with its summary.
select
    sessions.id,
    sessions.gym_id,
    gyms.name as gym_name,
    sessions.kiosk_id,
    kiosks.name as kiosk_name,
    sessions.member_id,
    members.first_name as member_first_name,
    members.last_name as member_last_name,
    sessions.badge_outcome,
    sessions.state,
    sessions.started_at,
    sessions.ended_at,
    sessions.close_reason,
    sessions.language,
    sessions.cost_usd,
    sessions.model,
    summaries.status as analysis_status,
    summaries.sentiment_score::double precision as sentiment_score,
    summaries.sentiment_label,
    summaries.emotion_detected as emotion,
    summaries.key_topics,
    summaries.intents_detected as intents,
    summaries.outcome,
    summaries.summary_text,
    summaries.analysed_at,
    sessions.has_analysis_consent,
    summaries.tier as analysis_tier,
    summaries.engine as analysis_engine,
    summaries.engine_version as analysis_engine_version,
    summaries.enrichment_state,
    summaries.enrichment_reason,
    summaries.enriched_at,
    summaries.sentiment_shift::double precision as sentiment_shift,
    summaries.satisfaction::double precision as satisfaction,
    array(
        select distinct claims.name
        from jsonb_each(summaries.unfounded_claims) as faults
        cross join jsonb_array_elements_text(faults.value) as claims (name)
        order by claims.name
    ) as unfounded_claims,
    sessions.storage_level
from public.openai_realtime_sessions as sessions
inner join public.gyms on gyms.id = sessions.gym_id
inner join public.kiosks on kiosks.gym_id = sessions.gym_id and kiosks.id = sessions.kiosk_id
left join public.gym_members_v2 as members
    on members.gym_id = sessions.gym_id and members.id = sessions.member_id
left join public.conversation_summaries as summaries
    on summaries.gym_id = sessions.gym_id and summaries.session_id = sessions.id
where sessions.id = %(id)s::uuid;

-- turns --
-- What was said in one session, in its order; whoever asks is on record as having read it.
select
    turns.id,
    turns.item_id,
    turns.position,
    turns.role,
    turns.text,
    turns.status,
    turns.started_at,
    turns.ended_at,
    turns.sentiment_score::double precision as sentiment_score,
    turns.sentiment_label,
    turns.emotion,
    turns.intents
from app.note_reading(%(id)s::uuid) as noted (is_noted)
inner join public.session_turns as turns on noted.is_noted
inner join public.openai_realtime_sessions as sessions
    on sessions.gym_id = turns.gym_id and sessions.id = turns.session_id
where sessions.id = %(id)s::uuid
    and (
        %(after_position)s::integer is null
        or (turns.position, turns.id) > (%(after_position)s::integer, %(after_id)s::uuid)
    )
order by turns.position, turns.id
limit %(asked)s::integer;

-- note_unmasking --
-- The person is on record as having read this session as it was said; false where they see no such one.
select app.note_unmasking(%(id)s::uuid) as is_noted;

-- note_alert_unmasking --
-- The person is on record as having read this alert as it was said; false where they see no such one.
select app.note_alert_unmasking(%(id)s::uuid) as is_noted;

-- speaker --
-- What is known of the member who spoke, to be found in what was said.
select members.first_name, members.last_name, members.email, members.phone
from public.openai_realtime_sessions as sessions
inner join public.gym_members_v2 as members
    on members.gym_id = sessions.gym_id and members.id = sessions.member_id
where sessions.id = %(id)s::uuid;

-- alerts --
-- Alerts, the latest first: by when they were opened, which never changes while somebody turns pages.
select
    alerts.id,
    alerts.gym_id,
    gyms.name as gym_name,
    alerts.member_id,
    members.first_name as member_first_name,
    members.last_name as member_last_name,
    alerts.kiosk_id,
    alerts.session_id,
    alerts.alert_type,
    alerts.priority,
    alerts.status,
    alerts.title,
    alerts.description,
    alerts.recommended_actions,
    alerts.occurrence_count,
    alerts.created_at,
    alerts.last_occurred_at,
    alerts.assigned_to,
    alerts.resolved_at,
    alerts.outcome_code,
    alerts.resolution_notes
from public.manager_alerts as alerts
inner join public.gyms on gyms.id = alerts.gym_id
left join public.gym_members_v2 as members
    on members.gym_id = alerts.gym_id and members.id = alerts.member_id
where (%(gym_id)s::uuid is null or alerts.gym_id = %(gym_id)s::uuid)
    and (%(alert_id)s::uuid is null or alerts.id = %(alert_id)s::uuid)
    and (%(status)s::text is null or alerts.status = %(status)s::text)
    and (%(priority)s::text is null or alerts.priority = %(priority)s::text)
    and (%(alert_type)s::text is null or alerts.alert_type = %(alert_type)s::text)
    and (
        %(after_at)s::timestamptz is null
        or (alerts.created_at, alerts.id) < (%(after_at)s::timestamptz, %(after_id)s::uuid)
    )
order by alerts.created_at desc, alerts.id desc
limit %(asked)s::integer;

-- move_alert --
-- Takes an alert one step on from where it was seen; no row where it has moved since.
update public.manager_alerts as alerts
set
    status = %(status)s::text,
    outcome_code = %(outcome_code)s::text,
    resolution_notes = %(notes)s::text,
    assigned_to = coalesce(alerts.assigned_to, %(user_id)s::uuid)
where alerts.id = %(alert_id)s::uuid and alerts.status = %(seen_status)s::text
returning alerts.id;
