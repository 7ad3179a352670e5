-- What the desk writes: days on which nobody should miss a member, and days on which the gym is closed.

-- add_absence --
-- The desk writes down who is away; null where the person sees no such member.
select app.add_absence(%(member_id)s::uuid, %(starts_on)s::date, %(ends_on)s::date, %(reason)s::text) as answer;

-- end_absence --
-- The member is back; false where the person sees no such absence.
select app.end_absence(%(id)s::uuid, %(back_on)s::date) as answer;

-- absences_of_member --
-- A member's absences, whoever wrote them, the latest first.
select absences.id, absences.member_id, absences.starts_on, absences.ends_on, absences.source, absences.created_at
from public.member_absences as absences
where absences.member_id = %(member_id)s::uuid
order by absences.starts_on desc, absences.id
limit 200;

-- add_closure --
-- Whoever manages the gym writes down when it is closed; null where they see no such gym.
select app.add_closure(%(gym_id)s::uuid, %(starts_on)s::date, %(ends_on)s::date, %(reason)s::text) as answer;

-- remove_closure --
-- The gym is open after all; false where the person sees no such closure.
select app.remove_closure(%(id)s::uuid) as answer;

-- closures_of_gym --
-- When a gym is or was closed, the latest first.
select closures.id, closures.gym_id, closures.starts_on, closures.ends_on, closures.reason
from public.gym_closures as closures
where closures.gym_id = %(gym_id)s::uuid
order by closures.starts_on desc, closures.id
limit 200;
