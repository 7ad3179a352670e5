-- People's word on the engine's labels; the database applies it, audits it, and keeps it over each analysis.

-- correct_label --
-- The correction's id; no value where the person sees no such session or it has no such turn.
select app.correct_label(
    %(session_id)s::uuid, %(turn_id)s::uuid, %(field)s::text, %(value)s::text[]
) as correction_id;

-- corrections --
-- What people have said of one session's labels, the latest first.
select
    corrections.id,
    corrections.session_id,
    corrections.turn_id,
    corrections.field,
    corrections.engine,
    corrections.engine_version,
    corrections.engine_value,
    corrections.corrected_value as value,
    corrections.is_agreed,
    corrections.corrected_by,
    corrections.corrected_at
from public.label_corrections as corrections
where corrections.session_id = %(session_id)s::uuid
    and (%(ids)s::bigint[] is null or corrections.id = any (%(ids)s::bigint[]))
    and (%(after_id)s::bigint is null or corrections.id < %(after_id)s::bigint)
order by corrections.id desc
limit %(asked)s::integer;
