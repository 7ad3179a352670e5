-- hold_simulation --
-- Keeps a second simulation waiting until this transaction ends.
select pg_advisory_xact_lock(hashtext('jarvis.simulate'));

-- is_empty --
-- True while nobody lives here: only then may a demo network move in.
select not exists (select from public.gyms) and not exists (select from public.users) as is_empty;

-- demo_logins --
-- Demo accounts with their place: all but the staff, of whom one is enough to look through.
select
    users.email,
    users.role,
    coalesce(gyms.name, franchises.name) as place
from public.users
left join public.gyms on users.gym_id = gyms.id
left join public.franchises on users.franchise_id = franchises.id
where users.email like %(pattern)s
    and users.is_active
    and (
        users.role <> 'gym_staff'
        or users.email = (
            select min(staff.email)
            from public.users as staff
            where staff.role = 'gym_staff' and staff.email like %(pattern)s
        )
    )
order by
    array_position(array['super_admin', 'franchise_owner', 'gym_manager', 'gym_staff', 'analyst'], users.role),
    users.email;

-- give_second_factor --
-- The demo accounts that must have a second factor and have none get this one.
with given as (
    insert into public.second_factors (user_id, secret)
    select users.id, %(secret)s::bytea
    from public.users
    where users.email like %(pattern)s
        and users.role = 'super_admin'
        and not exists (select from public.second_factors as factors where factors.user_id = users.id)
    returning second_factors.user_id
)
update public.users
set mfa_enabled = true
from given
where users.id = given.user_id;

-- second_factors --
-- The sealed secrets of the demo accounts that must have one.
select factors.secret
from public.second_factors as factors
inner join public.users on users.id = factors.user_id
where users.email like %(pattern)s and users.role = 'super_admin' and factors.secret is not null;

-- label_history --
-- Past conversations of a simulation are analysed as their writer meant them, under the engine's name 'simulated'; no
-- stage has to read them: no alert rises from last year, and member analytics are recomputed from all at once.
update public.conversation_summaries as summaries
set status = 'completed',
    queued_at = labels.analysed_at,
    analysed_at = labels.analysed_at,
    counted_at = labels.analysed_at,
    alerted_at = labels.analysed_at,
    summary_text = labels.summary_text,
    -- As the engines do: nothing of the health of who has not agreed to it.
    key_topics = case
        when app.keeps_health(summaries.gym_id, summaries.member_id) then string_to_array(labels.topics, ',')
        else coalesce(nullif(array_remove(string_to_array(labels.topics, ','), 'injury_health'), '{}'), '{other}')
    end,
    sentiment_score = labels.sentiment_score,
    sentiment_label = labels.sentiment_label,
    emotion_detected = labels.emotion,
    intents_detected = case
        when app.keeps_health(summaries.gym_id, summaries.member_id) then string_to_array(labels.intents, ',')
        else coalesce(nullif(array_remove(string_to_array(labels.intents, ','), 'report_injury'), '{}'), '{other}')
    end,
    outcome = labels.outcome,
    engine = %(engine)s::text,
    engine_version = %(engine_version)s::text
from unnest(
    %(session_ids)s::uuid[], %(analysed_at)s::timestamptz[], %(summaries)s::text[], %(topics)s::text[],
    %(sentiment_scores)s::numeric[], %(sentiment_labels)s::text[], %(emotions)s::text[], %(intents)s::text[],
    %(outcomes)s::text[]
) as labels (
    session_id, analysed_at, summary_text, topics, sentiment_score, sentiment_label, emotion, intents, outcome
)
where summaries.session_id = labels.session_id;
