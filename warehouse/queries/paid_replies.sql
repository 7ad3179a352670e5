-- Replies of a hosted model between their arrival and their use.

-- stored_replies --
-- The replies kept for these sessions' requests.
select replies.session_id::text as session_id, replies.request_hash, replies.reply
from unnest(%(session_ids)s::uuid[], %(request_hashes)s::text[]) as asked (session_id, request_hash)
inner join app.paid_replies as replies
    on asked.session_id = replies.session_id and asked.request_hash = replies.request_hash;

-- keep_reply --
-- Keeps one reply under its session's gym.
insert into app.paid_replies (gym_id, session_id, request_hash, reply)
select sessions.gym_id, sessions.id, %(request_hash)s::text, %(reply)s::text
from public.openai_realtime_sessions as sessions
where sessions.id = %(session_id)s::uuid
on conflict (session_id, request_hash) do nothing;

-- forget_old_replies --
-- Clears away some replies that nobody came back for.
delete from app.paid_replies as replies
where (replies.session_id, replies.request_hash) in (
    select old.session_id, old.request_hash
    from app.paid_replies as old
    where old.arrived_at < now() - %(keep_for)s::interval
    order by old.arrived_at
    limit %(batch_size)s::integer
    for update skip locked
);

-- settle_replies --
-- Forgets one session's replies, because what was made of them is written.
delete from app.paid_replies where session_id = %(session_id)s::uuid;
