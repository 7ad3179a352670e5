-- What a hosted model has answered is kept until it is used: a run that dies in between is not paid for twice.

set local role jarvis_owner;

create table app.paid_replies (
    gym_id uuid not null,
    session_id uuid not null,
    -- SHA-256 of model, prompt, schema and the redacted words: the words themselves are not kept again.
    request_hash text not null constraint request_hash_is_sha256 check (request_hash ~ '^[0-9a-f]{64}$'),
    -- Text and not jsonb, which refuses the NUL a hostile reply may hold.
    reply text not null constraint reply_length_in_range check (octet_length(reply) <= 1000000),
    arrived_at timestamptz not null default clock_timestamp(),
    constraint reply_is_kept_once primary key (session_id, request_hash),
    constraint reply_belongs_to_a_session_of_its_gym
        foreign key (gym_id, session_id) references public.openai_realtime_sessions (gym_id, id) on delete cascade
);
create index paid_replies_by_session on app.paid_replies (gym_id, session_id);
create index paid_replies_by_age on app.paid_replies (arrived_at);

-- No policy: nobody but the pipeline, which sees every gym, has any business here.
alter table app.paid_replies enable row level security;
alter table app.paid_replies force row level security;
-- Update: what is cleared away is locked first, and nothing else is changed.
grant select, insert, update, delete on app.paid_replies to jarvis_pipeline;

reset role;
