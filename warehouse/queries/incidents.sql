-- What broke in the pipeline: counted by cause, and told once in a while.

-- note_incident --
-- Counts one more sighting of a cause; one that is not newer than the last is the same one, seen again.
insert into app.incidents as incidents (cause, summary, first_at, last_at)
values (%(cause)s::text, %(summary)s::text, %(seen_at)s::timestamptz, %(seen_at)s::timestamptz)
on conflict (cause) do update
set summary = excluded.summary,
    last_at = excluded.last_at,
    occurrence_count = incidents.occurrence_count + 1,
    ended_at = null
where excluded.last_at > incidents.last_at;

-- end_incidents --
-- These causes are well again.
update app.incidents
set ended_at = %(now)s::timestamptz
where cause = any (%(causes)s::text[]) and ended_at is null;

-- standing_incidents --
-- The causes that are not well.
select cause from app.incidents where ended_at is null;

-- due_incidents --
-- Locks what a person has not been told yet, or was told long enough ago and has happened since.
select
    cause,
    summary,
    first_at,
    last_at,
    occurrence_count,
    occurrence_count - told_count as new_count,
    ended_at
from app.incidents
where occurrence_count > told_count
    and (told_at is null or told_at <= %(now)s::timestamptz - %(repeat_after)s::interval)
order by first_at, cause
for update skip locked;

-- mark_told --
-- A person has been told of these.
update app.incidents
set told_at = %(now)s::timestamptz, told_count = occurrence_count
where cause = any (%(causes)s::text[]);

-- network_is_silent --
-- Whether the last look at the kiosks heard nobody at all, and since when it looks.
select looked_at from app.kiosk_watch where is_network_silent;
