-- Search over one gym's analysed conversations, under the rights of the person who asks.

-- gym --
-- The gym of this slug, where the person sees it.
select gyms.id, gyms.storage_level
from public.gyms
where gyms.slug = %(slug)s::text;

-- health_keepers --
-- Who agreed that what they say of their health is kept.
select keepers.member_id from app.members_keeping_health(%(gym_id)s::uuid) as keepers (member_id);

-- asker --
-- Who asks, as row security knows them: nobody who is suspended.
select users.id, users.role
from public.users
where users.id = auth.uid() and users.is_active;

-- person --
-- The person of this e-mail, or else the gym's first manager, or who manages it from above.
select users.id
from public.users
left join public.gyms on gyms.slug = %(slug)s::text
where users.is_active
    and (
        users.email = %(email)s::text
        or (
            %(email)s::text is null
            and (
                (users.role = 'gym_manager' and users.gym_id = gyms.id)
                or (users.role = 'franchise_owner' and users.franchise_id = gyms.franchise_id)
                or users.role = 'super_admin'
            )
        )
    )
order by array_position(array['gym_manager', 'franchise_owner', 'super_admin'], users.role), users.email
limit 1;

-- ideas --
-- The ideas of the question, each with what it tells apart: the rarer among the conversations, the more.
with scoped as materialized (
    select summaries.session_id, summaries.search_words
    from public.conversation_summaries as summaries
    where summaries.gym_id = %(gym_id)s::uuid
        and summaries.status = 'completed'
        and summaries.words_forgotten_at is null
),

said as materialized (
    select scoped.session_id, scoped.search_words
    from scoped
    union all
    select turns.session_id, turns.search_words
    from public.session_turns as turns
    inner join scoped on turns.session_id = scoped.session_id
    where turns.gym_id = %(gym_id)s::uuid and turns.role = 'member'
)

select
    asked.idea,
    ln(1 + (select count(*) from scoped)::double precision / (1 + count(distinct said.session_id))) as weight
from unnest(%(ideas)s::text[]) as asked (idea)
left join said on said.search_words @@ websearch_to_tsquery('public.french_unaccent', asked.idea)
where numnode(websearch_to_tsquery('public.french_unaccent', asked.idea)) > 0
group by asked.idea
order by asked.idea;

-- by_words --
-- Conversations in which a member, or the summary, says some of the ideas; the weightiest first.
with asked as (
    select asked.idea, asked.weight
    from unnest(%(ideas)s::text[], %(weights)s::double precision[]) as asked (idea, weight)
),

scoped as materialized (
    select summaries.session_id, summaries.search_words
    from public.conversation_summaries as summaries
    inner join public.gyms on gyms.id = summaries.gym_id
    inner join public.openai_realtime_sessions as sessions
        on sessions.gym_id = summaries.gym_id and sessions.id = summaries.session_id
    where summaries.gym_id = %(gym_id)s::uuid
        and summaries.status = 'completed'
        and summaries.words_forgotten_at is null
        and (
            %(since)s::date is null or (sessions.started_at at time zone gyms.timezone)::date >= %(since)s::date
        )
        and (
            %(until)s::date is null or (sessions.started_at at time zone gyms.timezone)::date <= %(until)s::date
        )
        and (%(sentiment)s::text is null or summaries.sentiment_label = %(sentiment)s::text)
        and (%(topic)s::text is null or summaries.key_topics @> array[%(topic)s::text])
        and (%(member_id)s::uuid is null or summaries.member_id = %(member_id)s::uuid)
),

said as (
    select scoped.session_id, scoped.search_words
    from scoped
    union all
    select turns.session_id, turns.search_words
    from public.session_turns as turns
    inner join scoped on turns.session_id = scoped.session_id
    where turns.gym_id = %(gym_id)s::uuid and turns.role = 'member'
),

matched as (
    select distinct said.session_id, asked.idea, asked.weight
    from said
    inner join asked on said.search_words @@ websearch_to_tsquery('public.french_unaccent', asked.idea)
)

select matched.session_id
from matched
group by matched.session_id
order by sum(matched.weight) desc, matched.session_id
limit %(limit)s::integer;

-- by_vector --
-- Conversations nearest to the question in one model's space: exact, and only after the gym and the filters.
with scoped as materialized (
    select summaries.session_id, summaries.embedding
    from public.conversation_summaries as summaries
    inner join public.gyms on gyms.id = summaries.gym_id
    inner join public.openai_realtime_sessions as sessions
        on sessions.gym_id = summaries.gym_id and sessions.id = summaries.session_id
    where summaries.gym_id = %(gym_id)s::uuid
        and summaries.status = 'completed'
        and summaries.words_forgotten_at is null
        and summaries.embedding_model = %(embedding_model)s::text
        and (
            %(since)s::date is null or (sessions.started_at at time zone gyms.timezone)::date >= %(since)s::date
        )
        and (
            %(until)s::date is null or (sessions.started_at at time zone gyms.timezone)::date <= %(until)s::date
        )
        and (%(sentiment)s::text is null or summaries.sentiment_label = %(sentiment)s::text)
        and (%(topic)s::text is null or summaries.key_topics @> array[%(topic)s::text])
        and (%(member_id)s::uuid is null or summaries.member_id = %(member_id)s::uuid)
)

select scoped.session_id
from scoped
order by scoped.embedding <=> %(embedding)s::vector, scoped.session_id
limit %(limit)s::integer;

-- conversations --
-- What is known of the conversations that were found, and which words of theirs are personal.
select
    summaries.session_id,
    summaries.member_id,
    (sessions.started_at at time zone gyms.timezone)::date as said_on,
    summaries.key_topics as topics,
    summaries.sentiment_label as sentiment,
    array_remove(array[members.first_name, members.last_name, members.email, members.phone], null) as known_of_member
from public.conversation_summaries as summaries
inner join public.gyms on gyms.id = summaries.gym_id
inner join public.openai_realtime_sessions as sessions
    on sessions.gym_id = summaries.gym_id and sessions.id = summaries.session_id
left join public.gym_members_v2 as members
    on members.gym_id = summaries.gym_id and members.id = summaries.member_id
where summaries.gym_id = %(gym_id)s::uuid and summaries.session_id = any (%(session_ids)s::uuid[]);

-- turns --
-- What the members said in the conversations that were found, with the ideas of the question each turn holds.
select
    turns.session_id,
    turns.id as turn_id,
    turns.text,
    turns.sentiment_label as sentiment,
    array(
        select asked.idea
        from unnest(%(ideas)s::text[]) as asked (idea)
        where turns.search_words @@ websearch_to_tsquery('public.french_unaccent', asked.idea)
    ) as ideas
from public.session_turns as turns
where turns.gym_id = %(gym_id)s::uuid
    and turns.session_id = any (%(session_ids)s::uuid[])
    and turns.role = 'member'
    and turns.status <> 'failed'
    and trim(turns.text) <> ''
order by turns.session_id, turns.position, turns.started_at;
