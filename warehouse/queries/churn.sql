-- The churn stage: what a score may rest on, the scores of a day, and the models that give them.

-- histories --
-- One row per member with the days they were seen, what they said and what they bought; days are the gym's own.
select
    members.gym_id,
    members.id as member_id,
    coalesce(members.member_since, (members.created_at at time zone gyms.timezone)::date) as joined_on,
    members.is_active,
    (members.last_visit at time zone gyms.timezone)::date as last_visit_on,
    extract(year from members.birth_date)::integer as birth_year,
    seen.days as seen_on,
    talks.days as talk_days,
    talks.scores as talk_scores,
    talks.negative as talk_negative,
    talks.wants_out as talk_wants_out,
    talks.cancelling as talk_cancelling,
    talks.unsolved as talk_unsolved,
    talks.about_money as talk_about_money,
    contracts.ids as contract_ids,
    contracts.recorded_on as contracts_recorded_on,
    contracts.plans,
    contracts.started_on,
    contracts.expires_on,
    contracts.cancelled_on,
    contracts.prices,
    contracts.frozen_from,
    contracts.frozen_until,
    absences.ids as absence_ids,
    absences.recorded_on as absences_recorded_on,
    absences.starts_on as away_from,
    absences.ends_on as away_until
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
        ) as wants_out,
        array_agg(
            coalesce('cancel_membership' = any (summaries.intents_detected), false) order by sessions.started_at
        ) as cancelling,
        array_agg(
            coalesce(
                summaries.intents_detected && array['complain', 'report_issue'] and summaries.outcome <> 'solved', false
            )
            order by sessions.started_at
        ) as unsolved,
        array_agg(
            coalesce(
                summaries.sentiment_label = 'negative' and summaries.key_topics && array['billing', 'membership'], false
            )
            order by sessions.started_at
        ) as about_money
    from public.openai_realtime_sessions as sessions
    left join public.conversation_summaries as summaries
        on sessions.id = summaries.session_id and summaries.status = 'completed'
    where sessions.gym_id = members.gym_id and sessions.member_id = members.id and sessions.state = 'closed'
        and sessions.started_at < %(until)s::date + 1
) as talks on true
left join lateral (
    select
        array_agg(memberships.id order by memberships.started_on, memberships.expires_on, memberships.id) as ids,
        -- What came in with the member counts as known from its own first day on.
        array_agg(
            case
                when memberships.created_at > members.created_at + interval '1 day'
                    then (memberships.created_at at time zone gyms.timezone)::date
            end
            order by memberships.started_on, memberships.expires_on, memberships.id
        ) as recorded_on,
        array_agg(memberships.plan order by memberships.started_on, memberships.expires_on, memberships.id) as plans,
        array_agg(memberships.started_on order by memberships.started_on, memberships.expires_on, memberships.id) as started_on,
        array_agg(memberships.expires_on order by memberships.started_on, memberships.expires_on, memberships.id) as expires_on,
        array_agg(memberships.cancelled_on order by memberships.started_on, memberships.expires_on, memberships.id) as cancelled_on,
        array_agg(
            memberships.monthly_price_eur::double precision order by memberships.started_on, memberships.expires_on, memberships.id
        ) as prices,
        -- A membership that is frozen without a first day is frozen from its beginning; one that runs again and does
        -- not say since when was never paused.
        array_agg(
            case
                when memberships.status = 'frozen' then coalesce(memberships.frozen_from, memberships.started_on)
                when memberships.frozen_until is not null then memberships.frozen_from
            end
            order by memberships.started_on, memberships.expires_on, memberships.id
        ) as frozen_from,
        array_agg(memberships.frozen_until order by memberships.started_on, memberships.expires_on, memberships.id) as frozen_until
    from public.memberships
    where memberships.gym_id = members.gym_id and memberships.member_id = members.id
) as contracts on true
left join lateral (
    select
        array_agg(member_absences.id order by member_absences.starts_on, member_absences.id) as ids,
        array_agg(
            case
                when member_absences.created_at > members.created_at + interval '1 day'
                    then (member_absences.created_at at time zone gyms.timezone)::date
            end
            order by member_absences.starts_on, member_absences.id
        ) as recorded_on,
        array_agg(member_absences.starts_on order by member_absences.starts_on, member_absences.id) as starts_on,
        array_agg(member_absences.ends_on order by member_absences.starts_on, member_absences.id) as ends_on
    from public.member_absences
    where member_absences.gym_id = members.gym_id and member_absences.member_id = members.id
) as absences on true
where (%(gym_id)s::uuid is null or members.gym_id = %(gym_id)s::uuid)
    -- Who refuses to be profiled is neither scored nor learned from, for no day; nor, for a day of their refusal, who
    -- has agreed since.
    and not exists (
        select
        from (
            values ('infinity'::timestamptz), (%(until)s::date::timestamp at time zone gyms.timezone)
        ) as asked (moment)
        cross join lateral (
            select consents.is_granted
            from public.consents
            where consents.gym_id = members.gym_id and consents.member_id = members.id
                and consents.purpose = 'churn_profiling' and consents.recorded_at < asked.moment
            order by consents.recorded_at desc
            limit 1
        ) as answered
        where not answered.is_granted
    )
order by members.gym_id, members.id;

-- calendars --
-- What closes or empties each gym: closures, the zone of its school holidays, the region of its public ones.
select
    gyms.id as gym_id,
    gyms.school_zone,
    gyms.holiday_region,
    (
        select (min(member_visits.visited_at) at time zone gyms.timezone)::date
        from public.member_visits
        where member_visits.gym_id = gyms.id
    ) as recorded_from,
    closures.ids,
    closures.recorded_on,
    closures.starts_on,
    closures.ends_on
from public.gyms
left join lateral (
    select
        array_agg(gym_closures.id order by gym_closures.starts_on, gym_closures.id) as ids,
        -- Null where it came in with the gym, or nobody noted when.
        array_agg(
            case
                when gym_closures.created_at > gyms.created_at + interval '1 day'
                    then (gym_closures.created_at at time zone gyms.timezone)::date
            end
            order by gym_closures.starts_on, gym_closures.id
        ) as recorded_on,
        array_agg(gym_closures.starts_on order by gym_closures.starts_on, gym_closures.id) as starts_on,
        array_agg(gym_closures.ends_on order by gym_closures.starts_on, gym_closures.id) as ends_on
    from public.gym_closures
    where gym_closures.gym_id = gyms.id
) as closures on true;

-- superseded --
-- What records said before they were changed or taken away, the oldest first; days are the gym's own.
select
    records.gym_id,
    records.member_id,
    records.table_name,
    records.record_id,
    records.record,
    (records.known_until at time zone gyms.timezone)::date as known_until,
    case
        when (records.record ->> 'created_at')::timestamptz > coalesce(members.created_at, gyms.created_at) + interval '1 day'
            then ((records.record ->> 'created_at')::timestamptz at time zone gyms.timezone)::date
    end as recorded_on
from public.superseded_records as records
inner join public.gyms on records.gym_id = gyms.id
left join public.gym_members_v2 as members on records.gym_id = members.gym_id and records.member_id = members.id
where %(gym_id)s::uuid is null or records.gym_id = %(gym_id)s::uuid
order by records.known_until, records.id;

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
-- Whoever was no member on that day, or refuses to be profiled, has no row of it.
delete from public.churn_scores as scores
where scores.as_of_date = %(as_of)s::date and scores.member_id <> all (%(member_ids)s::uuid[]);

-- save_current --
-- Members' analytics show the newest day's scores; other columns belong to the members stage and stay.
insert into public.member_analytics as analytics (
    member_id, gym_id, churn_risk_score, churn_risk_level, churn_factors, churn_held_back_reason,
    last_churn_analysis_at
)
select
    scores.member_id, scores.gym_id, scores.score, scores.level, scores.factors, scores.held_back_reason,
    scores.scored_at
from public.churn_scores as scores
inner join public.gym_members_v2 as members on scores.gym_id = members.gym_id and scores.member_id = members.id
where scores.as_of_date = %(as_of)s::date
    and members.is_active
    and not exists (select from public.churn_scores as newer where newer.as_of_date > %(as_of)s::date)
on conflict (member_id) do update
set churn_risk_score = excluded.churn_risk_score,
    churn_risk_level = excluded.churn_risk_level,
    churn_factors = excluded.churn_factors,
    churn_held_back_reason = excluded.churn_held_back_reason,
    last_churn_analysis_at = excluded.last_churn_analysis_at;

-- clear_unscored --
-- Who has no score of the newest day, or has left, shows none: an old score is no news of today.
update public.member_analytics as analytics
set churn_risk_score = null,
    churn_risk_level = null,
    churn_factors = null,
    churn_held_back_reason = null,
    last_churn_analysis_at = clock_timestamp()
where analytics.churn_risk_score is not null
    and not exists (select from public.churn_scores where churn_scores.as_of_date > %(as_of)s::date)
    and not exists (
        select from public.churn_scores as scores
        inner join public.gym_members_v2 as members on scores.gym_id = members.gym_id and scores.member_id = members.id
        where scores.gym_id = analytics.gym_id and scores.member_id = analytics.member_id
            and scores.as_of_date = %(as_of)s::date and members.is_active
    );

-- unreliable_gyms --
-- Gyms whose newest scores are held back for their data, and why.
select distinct gyms.slug, scores.held_back_reason
from public.churn_scores as scores
inner join public.gyms on scores.gym_id = gyms.id
where scores.as_of_date = (select max(newest.as_of_date) from public.churn_scores as newest)
    and scores.held_back_reason in ('checkins_silent', 'features_drifted')
order by gyms.slug;

-- keep_artifact --
-- A model's file under its own hash; the same file twice is one.
insert into app.model_artifacts (sha256, content)
values (%(sha256)s::text, %(content)s::bytea)
on conflict (sha256) do nothing;

-- keep_candidate --
-- A trained model waits for its verdict; the same version again replaces what nobody promoted.
insert into public.model_versions (
    kind, version, status, metrics, artifact_sha256, window_starts_on, window_ends_on, feature_columns, training_rows,
    created_at
)
values (
    'churn', %(version)s::text, 'candidate', %(metrics)s::jsonb, %(sha256)s::text, %(window_starts_on)s::date,
    %(window_ends_on)s::date, %(columns)s::text[], %(training_rows)s::integer, clock_timestamp()
)
on conflict (kind, version) do update
set metrics = excluded.metrics,
    artifact_sha256 = excluded.artifact_sha256,
    window_starts_on = excluded.window_starts_on,
    window_ends_on = excluded.window_ends_on,
    feature_columns = excluded.feature_columns,
    training_rows = excluded.training_rows,
    created_at = clock_timestamp()
where model_versions.status = 'candidate'
returning id;

-- models --
-- Every churn model, the newest first, without its file.
select
    id, version, status, metrics, artifact_sha256, window_starts_on, window_ends_on, training_rows, feature_columns,
    created_at,
    promoted_at, promoted_by, promotion_reason, retired_at, retired_by, retirement_reason,
    taken_back_at
from public.model_versions
where kind = 'churn'
order by created_at desc, version desc
limit %(limit)s::integer;

-- gym_slugs --
-- What each gym is called, for the slices of a model card.
select id::text as id, slug from public.gyms;

-- champion_artifact --
-- The champion and its file; no row while the rules decide.
select versions.id, versions.version, artifacts.content
from public.model_versions as versions
inner join app.model_artifacts as artifacts on versions.artifact_sha256 = artifacts.sha256
where versions.kind = 'churn' and versions.status = 'champion';

-- hold_models --
-- One promotion at a time, until the transaction ends.
select pg_advisory_xact_lock(hashtext('jarvis.churn_models'));

-- retire_champion --
-- The champion steps down; its id, where there was one.
update public.model_versions
set status = 'retired', retired_at = clock_timestamp(), retired_by = %(by)s::text, retirement_reason = %(reason)s::text
where kind = 'churn' and status = 'champion'
returning id, version;

-- make_champion --
-- This model decides from now on; taken back to, it keeps its place in the order of champions.
update public.model_versions
set status = 'champion', promoted_at = coalesce(promoted_at, clock_timestamp()), promoted_by = %(by)s::text,
    promotion_reason = %(reason)s::text, retired_at = null, retired_by = null, retirement_reason = null
where kind = 'churn' and id = %(id)s::uuid and status <> 'champion'
returning version;

-- take_back_champion --
-- The champion steps down because somebody took it back, and bars the way to its like; its id, where there was one.
update public.model_versions
set status = 'retired', retired_at = clock_timestamp(), retired_by = %(by)s::text, retirement_reason = %(reason)s::text,
    taken_back_at = clock_timestamp()
where kind = 'churn' and status = 'champion'
returning id, version;

-- taken_back_artifacts --
-- The models taken back since a candidate was last promoted, with their files: a new one must be better than each.
select versions.id, versions.version, artifacts.content
from public.model_versions as versions
inner join app.model_artifacts as artifacts on versions.artifact_sha256 = artifacts.sha256
where versions.kind = 'churn'
    and versions.taken_back_at > (
        select coalesce(max(promoted.promoted_at), '-infinity') from public.model_versions as promoted
        where promoted.kind = 'churn'
    )
order by versions.taken_back_at desc
limit 3;

-- lift_bar --
-- A model that was taken back is retired like any other: nothing is compared with it, and a rollback may return to it.
update public.model_versions
set taken_back_at = null
where kind = 'churn' and version = %(version)s::text and taken_back_at is not null
returning id;

-- barred_versions --
-- The models that were taken back and bar the way still, the newest first.
select version from public.model_versions
where kind = 'churn' and taken_back_at is not null
order by taken_back_at desc;

-- decided_versions --
-- The versions of one day that were promoted once: their names are taken.
select version, status = 'champion' as decides
from public.model_versions
where kind = 'churn' and status <> 'candidate'
    and (version = %(version)s::text or starts_with(version, %(version)s::text || '.'));

-- champion_before --
-- The model that was champion before the given one and can be again; one that was taken back itself cannot.
select id, version
from public.model_versions
where kind = 'churn'
    and status = 'retired'
    and taken_back_at is null
    and artifact_sha256 is not null
    and promoted_at < (select promoted_at from public.model_versions where id = %(id)s::uuid)
order by promoted_at desc
limit 1;

-- log_decision --
-- Who promoted or took back which model, when and why, stays for ever.
insert into public.audit_log (actor_role, action, subject_table, subject_id, details)
values (session_user, %(action)s::text, 'model_versions', %(id)s::text, %(details)s::jsonb);

-- forget_old_candidates --
-- Candidates that nobody promoted in some weeks keep their figures and lose their file.
update public.model_versions
set artifact_sha256 = null
where kind = 'churn' and status = 'candidate' and artifact_sha256 is not null
    and created_at < clock_timestamp() - interval '60 days';

-- drop_unused_artifacts --
-- Files that no version names are gone; one that is being kept at this moment may not have its version yet.
delete from app.model_artifacts as artifacts
where artifacts.created_at < clock_timestamp() - interval '1 day'
    and not exists (
        select from public.model_versions as versions where versions.artifact_sha256 = artifacts.sha256
    );
