-- Retention: what is kept too long, counted and dealt with, one rule at a time. `older_than` is the rule's cut-off,
-- `gym_id` the gym whose own term it is; null for the network's, which every gym keeps.

-- rules --
-- Every rule in the order of a run, the network's term before the stricter ones of gyms.
select
    rules.name, rules.table_name, rules.purpose, rules.legal_basis, terms.keep_days, rules.action, terms.gym_id,
    terms.gym_slug
from app.retention_rules as rules
cross join lateral (
    select rules.keep_days, null::uuid as gym_id, null::text as gym_slug
    union all
    select own.keep_days, own.gym_id, gyms.slug
    from app.gym_retention_rules as own
    inner join public.gyms on own.gym_id = gyms.id
    where own.rule_name = rules.name and own.keep_days < rules.keep_days
) as terms
order by rules.position, terms.gym_slug nulls first;

-- rules_of_gym --
-- The rules that hold for the rows of one gym, each with its own term where that is stricter.
select
    rules.name,
    rules.table_name,
    rules.purpose,
    rules.legal_basis,
    least(rules.keep_days, own.keep_days) as keep_days,
    rules.action,
    gyms.id as gym_id,
    gyms.slug as gym_slug
from public.gyms
cross join app.retention_rules as rules
left join app.gym_retention_rules as own on own.gym_id = gyms.id and own.rule_name = rules.name
where gyms.slug = %(slug)s::text and rules.is_by_gym
order by rules.position;

-- set_gym_keep_days --
-- The gym keeps for so many days from now on; no row for an unknown gym, and for a rule that is no gym's.
insert into app.gym_retention_rules (gym_id, rule_name, keep_days)
select gyms.id, rules.name, %(keep_days)s::integer
from public.gyms
cross join app.retention_rules as rules
where gyms.slug = %(slug)s::text and rules.name = %(name)s::text and rules.is_by_gym
on conflict (gym_id, rule_name) do update set keep_days = excluded.keep_days, updated_at = now()
returning gym_id;

-- drop_gym_keep_days --
-- The gym keeps for as long as the network from now on.
delete from app.gym_retention_rules as own
using public.gyms
where gyms.id = own.gym_id and gyms.slug = %(slug)s::text and own.rule_name = %(name)s::text
returning own.gym_id;

-- set_keep_days --
-- The rule keeps for so many days from now on.
update app.retention_rules
set keep_days = %(keep_days)s::integer, updated_at = now()
where name = %(name)s::text
returning name;

-- note_change --
-- A change of a rule is on record.
insert into public.audit_log (gym_id, actor_role, action, subject_table, subject_id, details)
values (%(gym_id)s::uuid, session_user, 'retention_changed', 'retention_rules', %(name)s::text, %(details)s::jsonb);

-- note_run --
-- What one rule found and did.
insert into app.retention_runs (run_id, rule_name, gym_id, is_dry, cut_off, keep_days, found, done, remaining, error)
values (
    %(run_id)s::uuid, %(rule_name)s::text, %(gym_id)s::uuid, %(is_dry)s::boolean, %(cut_off)s::timestamptz, %(keep_days)s::integer,
    %(found)s::integer, %(done)s::integer, %(remaining)s::integer, %(error)s::text
);

-- last_runs --
-- The newest proof of each rule, and of each gym's own term; one that never ran has none.
with terms as (
    select rules.name, rules.position, null::uuid as gym_id
    from app.retention_rules as rules
    union all
    select rules.name, rules.position, own.gym_id
    from app.gym_retention_rules as own
    inner join app.retention_rules as rules on own.rule_name = rules.name and own.keep_days < rules.keep_days
)

select distinct on (terms.position, terms.gym_id)
    terms.name as rule_name, terms.gym_id, runs.ran_at, runs.cut_off, runs.found, runs.done, runs.remaining, runs.error
from terms
left join app.retention_runs as runs
    on terms.name = runs.rule_name and terms.gym_id is not distinct from runs.gym_id and not runs.is_dry
order by terms.position, terms.gym_id nulls first, runs.ran_at desc;

-- count_sessions --
-- Closed sessions that still hold words.
select count(*)::integer as found
from public.openai_realtime_sessions as sessions
where sessions.state = 'closed'
    and sessions.words_forgotten_at is null
    and sessions.ended_at < %(older_than)s::timestamptz
    and (%(gym_id)s::uuid is null or sessions.gym_id = %(gym_id)s::uuid);

-- claim_sessions --
-- Some of them, locked.
select sessions.id, sessions.gym_id
from public.openai_realtime_sessions as sessions
where sessions.state = 'closed'
    and sessions.words_forgotten_at is null
    and sessions.ended_at < %(older_than)s::timestamptz
    and (%(gym_id)s::uuid is null or sessions.gym_id = %(gym_id)s::uuid)
order by sessions.ended_at
limit %(batch_size)s::integer
for update skip locked;

-- drop_empty_event_partitions --
-- Months of the event log that hold nothing more are dropped.
select app.drop_empty_event_partitions(%(older_than)s::timestamptz) as partition_name;

-- ensure_event_partitions --
-- The event log's next months exist.
select app.ensure_event_partitions(3) as made;

-- count_reports --
-- Published reports past their term.
select count(*)::integer as found
from public.insights_reports
where status = 'published' and period_end < %(older_than)s::timestamptz
    and (%(gym_id)s::uuid is null or gym_id = %(gym_id)s::uuid);

-- apply_reports --
-- Some of them are archived: figures stay, what was written about people goes.
update public.insights_reports
set status = 'archived', insights = null, recommendations = null, summary = null
where id in (
    select old.id
    from public.insights_reports as old
    where old.status = 'published' and old.period_end < %(older_than)s::timestamptz
        and (%(gym_id)s::uuid is null or old.gym_id = %(gym_id)s::uuid)
    order by old.id
    limit %(batch_size)s::integer
    for update skip locked
);

-- count_report_drafts --
-- Drafts nobody published in time.
select count(*)::integer as found
from public.insights_reports
where status = 'draft' and period_end < %(older_than)s::timestamptz
    and (%(gym_id)s::uuid is null or gym_id = %(gym_id)s::uuid);

-- apply_report_drafts --
-- Some of them are gone.
delete from public.insights_reports
where id in (
    select old.id
    from public.insights_reports as old
    where old.status = 'draft' and old.period_end < %(older_than)s::timestamptz
        and (%(gym_id)s::uuid is null or old.gym_id = %(gym_id)s::uuid)
    order by old.id
    limit %(batch_size)s::integer
    for update skip locked
);

-- count_badge_passages --
-- Visits past their term that still tell the hour, and last visits that do.
select (
    (
        select count(*)
        from public.member_visits
        where not is_day_only and visited_at < %(older_than)s::timestamptz
            and (%(gym_id)s::uuid is null or gym_id = %(gym_id)s::uuid)
    ) + (
        select count(*)
        from public.gym_members_v2 as members
        inner join public.gyms on members.gym_id = gyms.id
        where members.last_visit < %(older_than)s::timestamptz
            and members.last_visit
                <> ((members.last_visit at time zone gyms.timezone)::date + time '12:00') at time zone gyms.timezone
            and (%(gym_id)s::uuid is null or members.gym_id = %(gym_id)s::uuid)
    )
)::integer as found;

-- apply_badge_passages --
-- Some of them tell the day only: noon in the gym's own time, a microsecond apart where a member came twice.
with chosen as (
    select visits.id, visits.member_id, gyms.timezone, (visits.visited_at at time zone gyms.timezone)::date as local_day
    from public.member_visits as visits
    inner join public.gyms on visits.gym_id = gyms.id
    where not visits.is_day_only and visits.visited_at < %(older_than)s::timestamptz
        and (%(gym_id)s::uuid is null or visits.gym_id = %(gym_id)s::uuid)
    order by visits.visited_at
    limit %(batch_size)s::integer
    for update of visits skip locked
),

numbered as (
    select
        chosen.id,
        chosen.timezone,
        chosen.local_day,
        row_number() over (partition by chosen.member_id, chosen.local_day order by chosen.id) + (
            select count(*)
            from public.member_visits as earlier
            where earlier.member_id = chosen.member_id
                and earlier.is_day_only
                and earlier.visited_at >= (chosen.local_day + time '12:00') at time zone chosen.timezone
                and earlier.visited_at < (chosen.local_day + time '12:01') at time zone chosen.timezone
        ) as place
    from chosen
)

update public.member_visits as visits
set visited_at = (numbered.local_day + time '12:00') at time zone numbered.timezone
        + make_interval(secs => numbered.place / 1000000.0),
    kiosk_id = null,
    is_day_only = true
from numbered
where visits.id = numbered.id;

-- apply_last_visits --
-- A last visit that long ago tells the day only as well.
update public.gym_members_v2 as members
set last_visit = ((members.last_visit at time zone gyms.timezone)::date + time '12:00') at time zone gyms.timezone
from public.gyms
where members.gym_id = gyms.id
    and members.last_visit < %(older_than)s::timestamptz
    and members.last_visit
        <> ((members.last_visit at time zone gyms.timezone)::date + time '12:00') at time zone gyms.timezone
    and (%(gym_id)s::uuid is null or members.gym_id = %(gym_id)s::uuid);

-- count_inactive_members --
-- Members who are no longer ours and had no contact since: no visit, no word, no running membership.
select count(*)::integer as found
from public.gym_members_v2 as members
where not members.is_active
    and (%(gym_id)s::uuid is null or members.gym_id = %(gym_id)s::uuid)
    and greatest(
        members.created_at,
        members.last_visit,
        (
            select max(sessions.started_at) from public.openai_realtime_sessions as sessions
            where sessions.gym_id = members.gym_id and sessions.member_id = members.id
        ),
        (
            select max(coalesce(memberships.cancelled_on, memberships.expires_on))::timestamptz
            from public.memberships
            where memberships.gym_id = members.gym_id and memberships.member_id = members.id
        )
    ) < %(older_than)s::timestamptz;

-- claim_inactive_members --
-- Some of them, locked.
select members.id
from public.gym_members_v2 as members
where not members.is_active
    and (%(gym_id)s::uuid is null or members.gym_id = %(gym_id)s::uuid)
    and greatest(
        members.created_at,
        members.last_visit,
        (
            select max(sessions.started_at) from public.openai_realtime_sessions as sessions
            where sessions.gym_id = members.gym_id and sessions.member_id = members.id
        ),
        (
            select max(coalesce(memberships.cancelled_on, memberships.expires_on))::timestamptz
            from public.memberships
            where memberships.gym_id = members.gym_id and memberships.member_id = members.id
        )
    ) < %(older_than)s::timestamptz
order by members.id
limit %(batch_size)s::integer
for update of members skip locked;

-- count_absences --
-- Absences past their term that still say why: since their end, without one since they were declared, or at once where
-- the member has left.
select count(*)::integer as found
from public.member_absences as absences
inner join public.gym_members_v2 as members on absences.gym_id = members.gym_id and absences.member_id = members.id
where absences.reason <> 'other'
    and (
        coalesce(absences.ends_on, (absences.created_at at time zone 'UTC')::date) < %(older_than)s::timestamptz
        or (absences.ends_on is null and not members.is_active)
    )
    and (%(gym_id)s::uuid is null or absences.gym_id = %(gym_id)s::uuid);

-- apply_absences --
-- Some of them no longer do; the days stay.
update public.member_absences
set reason = 'other'
where id in (
    select absences.id
    from public.member_absences as absences
    inner join public.gym_members_v2 as members on absences.gym_id = members.gym_id and absences.member_id = members.id
    where absences.reason <> 'other'
        and (
            coalesce(absences.ends_on, (absences.created_at at time zone 'UTC')::date) < %(older_than)s::timestamptz
            or (absences.ends_on is null and not members.is_active)
        )
        and (%(gym_id)s::uuid is null or absences.gym_id = %(gym_id)s::uuid)
    order by absences.id
    limit %(batch_size)s::integer
    for update of absences skip locked
);

-- count_absence_days --
-- Absences older than the visits they explain.
select count(*)::integer as found
from public.member_absences
where coalesce(ends_on, (created_at at time zone 'UTC')::date) < %(older_than)s::timestamptz
    and (%(gym_id)s::uuid is null or gym_id = %(gym_id)s::uuid);

-- apply_absence_days --
-- Some of them are gone.
delete from public.member_absences
where id in (
    select absences.id
    from public.member_absences as absences
    where coalesce(absences.ends_on, (absences.created_at at time zone 'UTC')::date) < %(older_than)s::timestamptz
        and (%(gym_id)s::uuid is null or absences.gym_id = %(gym_id)s::uuid)
    order by absences.id
    limit %(batch_size)s::integer
    for update skip locked
);

-- count_alert_words --
-- Closed alerts past their term that still hold what was written.
select count(*)::integer as found
from public.manager_alerts
where status in ('resolved', 'dismissed')
    and words_forgotten_at is null
    and resolved_at < %(older_than)s::timestamptz
    and (%(gym_id)s::uuid is null or gym_id = %(gym_id)s::uuid);

-- apply_alert_words --
-- Some of them no longer do: kind, title, priority, times and how they ended stay.
update public.manager_alerts
set words_forgotten_at = now(), description = null, resolution_notes = null, assigned_to = null,
    recommended_actions = '[]'::jsonb, context = '{"turns": [], "session_ids": []}'::jsonb
where id in (
    select old.id
    from public.manager_alerts as old
    where old.status in ('resolved', 'dismissed')
        and old.words_forgotten_at is null
        and old.resolved_at < %(older_than)s::timestamptz
        and (%(gym_id)s::uuid is null or old.gym_id = %(gym_id)s::uuid)
    order by old.id
    limit %(batch_size)s::integer
    for update skip locked
);

-- count_alerts --
-- Closed alerts as old as the oldest visits.
select count(*)::integer as found
from public.manager_alerts
where status in ('resolved', 'dismissed')
    and resolved_at < %(older_than)s::timestamptz
    and (%(gym_id)s::uuid is null or gym_id = %(gym_id)s::uuid);

-- apply_alerts --
-- Some of them are gone.
delete from public.manager_alerts
where id in (
    select old.id
    from public.manager_alerts as old
    where old.status in ('resolved', 'dismissed')
        and old.resolved_at < %(older_than)s::timestamptz
        and (%(gym_id)s::uuid is null or old.gym_id = %(gym_id)s::uuid)
    order by old.id
    limit %(batch_size)s::integer
    for update skip locked
);

-- count_audit_log --
-- Entries of the trail past their term that are neither a proof nor an alert's move.
select count(*)::integer as found
from public.audit_log
where occurred_at < %(older_than)s::timestamptz
    and subject_table <> 'manager_alerts'
    and action <> 'member_erased';

-- count_audit_moves --
-- Moves of alerts past their term that still say who.
select count(*)::integer as found
from public.audit_log
where occurred_at < %(older_than)s::timestamptz
    and subject_table = 'manager_alerts'
    and (actor_user_id is not null or details <> '{}'::jsonb);

-- count_audit_proofs --
-- Entries of any kind past the longest term.
select count(*)::integer as found
from public.audit_log
where occurred_at < %(older_than)s::timestamptz;

-- forget_trail --
-- Some entries of this part of the trail end.
select app.forget_trail(%(part)s::text, %(older_than)s::timestamptz, %(batch_size)s::integer) as done;

-- count_sign_ins --
-- Sessions and links that ended before the moment.
select app.forget_sign_ins(%(older_than)s::timestamptz, 0, true) as found;

-- apply_sign_ins --
-- Some of them are gone.
select app.forget_sign_ins(%(older_than)s::timestamptz, %(batch_size)s::integer, false) as done;

-- reasons --
-- Tables about people without a term, with how long each is kept.
select reasons.table_name, reasons.kept_while
from app.retention_reasons as reasons
order by reasons.table_name;

-- count_accounts --
-- Accounts that are over since before the moment.
select app.forget_accounts(%(older_than)s::timestamptz, 0, true) as found;

-- apply_accounts --
-- Some of them are gone, with what hangs on them.
select app.forget_accounts(%(older_than)s::timestamptz, %(batch_size)s::integer, false) as done;
