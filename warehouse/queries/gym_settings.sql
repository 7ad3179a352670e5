-- What a person sets for themselves, and what whoever manages a gym sets for it.

-- profile --
-- One's own name, language and letters, with the defaults where nothing was chosen.
select
    users.email, users.full_name, users.language,
    coalesce(preferences.unsubscribed_kinds, '{}') as unwanted_kinds,
    coalesce(preferences.quiet_from, '20:00'::time) as quiet_from,
    coalesce(preferences.quiet_until, '07:00'::time) as quiet_until
from public.users
left join public.mail_preferences as preferences on preferences.user_id = users.id
where users.id = auth.uid();

-- change_profile --
-- One's own name, language and letters are these.
select app.change_own_profile(
    %(full_name)s::text, %(language)s::text, %(unwanted_kinds)s::text[], %(quiet_from)s::time, %(quiet_until)s::time
) as answer;

-- set_language --
-- One's own language is this.
select app.set_own_language(%(language)s::text) as answer;

-- gym --
-- What holds for one gym.
select
    gyms.id, gyms.name, gyms.address, gyms.city, gyms.timezone, gyms.opening_hours, gyms.status,
    gyms.alert_budget_per_week, gyms.churn_alert_threshold::double precision as churn_alert_threshold,
    gyms.storage_level, gyms.voice_budget_usd::double precision as voice_budget_usd,
    gyms.kiosk_silence_minutes is not null as has_own_kiosk_silence,
    gyms.milestone_visits is not null as has_own_milestones,
    gyms.checkins_silent_hours is not null as has_own_checkins_silence,
    thresholds.kiosk_silence_minutes, thresholds.milestone_visits, thresholds.checkins_silent_hours
from public.gyms
left join lateral app.held_thresholds(gyms.id) as thresholds on true
where gyms.id = %(gym_id)s::uuid;

-- change_gym --
-- Alerts a week, from which score on, and what is kept of words.
select app.change_gym_settings(
    %(gym_id)s::uuid, %(per_week)s::integer, %(threshold)s::numeric, %(storage_level)s::text
) as answer;

-- change_threshold --
-- From when on the gym is told of a silent kiosk, of visits or of missing check-ins; null for no number of its own.
select app.change_alert_threshold(%(gym_id)s::uuid, %(kind)s::text, %(steps)s::integer[]) as answer;

-- report_subjects --
-- Whose reports may be read before they are sent: the gym chosen, or, without one, the franchises the person sees.
select gyms.id as gym_id, null::uuid as franchise_id, gyms.name, gyms.reads_reports_first
from public.gyms
where gyms.id = %(gym_id)s::uuid
union all
select null::uuid as gym_id, franchises.id as franchise_id, franchises.name, franchises.reads_reports_first
from public.franchises
where %(gym_id)s::uuid is null and (%(franchise_id)s::uuid is null or franchises.id = %(franchise_id)s::uuid)
order by name, gym_id, franchise_id;

-- change_reports --
-- Whether a gym's reports, or a franchise's own, are read before they are sent.
select app.change_report_settings(%(gym_id)s::uuid, %(franchise_id)s::uuid, %(reads_first)s::boolean) as answer;

-- change_place --
-- The gym's address, time zone and opening hours.
select app.change_gym(
    %(gym_id)s::uuid, null, %(city)s::text, %(address)s::text, %(timezone)s::text, %(opening_hours)s::jsonb, null
) as answer;

-- high_from --
-- The score from which the gym's newest ones are high: where their model's level begins, or the lowest high one.
select least(
    max((models.metrics -> 'bands' ->> 'high_from')::double precision),
    (min(scores.score) filter (where scores.level in ('high', 'critical')))::double precision
) as high_from
from public.churn_scores as scores
left join public.model_versions as models on scores.model_version_id = models.id
where scores.gym_id = %(gym_id)s::uuid
    and scores.as_of_date = (
        select max(newest.as_of_date) from public.churn_scores as newest where newest.gym_id = %(gym_id)s::uuid
    );

-- absences --
-- Who is away from a gym now or later, as the member or the desk said.
select absences.id, members.first_name, members.last_name, absences.starts_on, absences.ends_on, absences.source
from public.member_absences as absences
inner join public.gym_members_v2 as members
    on members.gym_id = absences.gym_id and members.id = absences.member_id
where absences.gym_id = %(gym_id)s::uuid
    and (absences.ends_on is null or absences.ends_on >= %(today)s::date)
order by absences.starts_on, members.last_name, absences.id
limit 200;

-- members_named --
-- Members of a gym whose name holds these words, to note an absence of one.
select members.id, members.first_name, members.last_name
from public.gym_members_v2 as members
where members.gym_id = %(gym_id)s::uuid
    and members.is_active
    and concat_ws(' ', members.first_name, members.last_name) ilike '%%' || %(words)s::text || '%%'
order by members.last_name, members.first_name, members.id
limit 20;
