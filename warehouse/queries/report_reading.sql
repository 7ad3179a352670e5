-- Reports as a person may read them: under their own rights, on the page, in the PDF and in the e-mail.

-- report --
-- One report, where the person sees it.
select
    reports.id,
    reports.gym_id,
    reports.franchise_id,
    reports.report_type,
    reports.period_start,
    reports.period_end,
    reports.title,
    reports.summary,
    reports.insights,
    reports.metrics,
    reports.recommendations,
    reports.trends,
    reports.status,
    reports.generated_at,
    reports.published_at
from public.insights_reports as reports
where reports.id = %(report_id)s::uuid and (%(shows_drafts)s::boolean or reports.status <> 'draft');

-- whom_to_call --
-- The members with the highest risk that may be acted on, in the gyms that the report tells of and the person sees.
select
    members.id as member_id,
    members.first_name,
    members.last_name,
    gyms.name as gym_name,
    analytics.churn_risk_level,
    analytics.churn_factors
from app.members_to_call(%(gym_ids)s::uuid[], %(asked)s::integer) as called
inner join public.gym_members_v2 as members on called.member_id = members.id
inner join public.member_analytics as analytics
    on members.gym_id = analytics.gym_id and members.id = analytics.member_id
inner join public.gyms on members.gym_id = gyms.id
order by called.place;

-- held_back --
-- Why the high scores of these gyms are not acted on, the reason of most members first.
select analytics.churn_held_back_reason
from public.member_analytics as analytics
inner join public.gym_members_v2 as members
    on analytics.gym_id = members.gym_id and analytics.member_id = members.id
where analytics.gym_id = any (%(gym_ids)s::uuid[])
    and members.is_active
    and analytics.churn_risk_level in ('high', 'critical')
    and analytics.churn_held_back_reason is not null
group by analytics.churn_held_back_reason
order by count(*) desc, analytics.churn_held_back_reason
limit 1;

-- gyms_of_franchise --
-- The franchise's gyms that the person sees.
select gyms.id
from public.gyms
where gyms.franchise_id = %(franchise_id)s::uuid
order by gyms.id;

-- said --
-- The words behind an insight, one turn for each: of the cited conversations the one that tells most of its topic, and
-- in it what was said most unhappily. Words that are forgotten are none.
select distinct on (cited.place)
    cited.place,
    turns.session_id,
    cited.topic,
    turns.started_at at time zone gyms.timezone as said_at,
    gyms.name as gym_name,
    kiosks.name as kiosk_name,
    turns.text,
    members.first_name,
    members.last_name
from unnest(%(places)s::integer[], %(session_ids)s::uuid[], %(topics)s::text[]) as cited (place, session_id, topic)
inner join public.session_turns as turns on cited.session_id = turns.session_id
inner join public.openai_realtime_sessions as sessions
    on turns.gym_id = sessions.gym_id and turns.session_id = sessions.id
inner join public.gyms on sessions.gym_id = gyms.id
inner join public.kiosks on sessions.gym_id = kiosks.gym_id and sessions.kiosk_id = kiosks.id
inner join public.conversation_summaries as summaries
    on sessions.gym_id = summaries.gym_id and sessions.id = summaries.session_id
left join public.gym_members_v2 as members
    on sessions.gym_id = members.gym_id and sessions.member_id = members.id
where turns.role = 'member' and turns.status <> 'failed' and trim(turns.text) <> ''
order by
    cited.place,
    coalesce(summaries.evidence -> ('key_topics.' || cited.topic) ? turns.id::text, false) desc,
    turns.sentiment_score asc nulls last,
    turns.started_at,
    turns.id;
