-- Managers search what members said: French words without accents, read once when they are written.

-- Trusted since Postgres 13, as vector and pg_trgm are made before the owner's role is taken.
create extension if not exists unaccent;

set local role jarvis_owner;

-- Recognisers and people in a hurry drop accents; both sides of a search drop them before the stem is taken.
create text search configuration public.french_unaccent (copy = pg_catalog.french);
alter text search configuration public.french_unaccent
    alter mapping for hword, hword_part, word with public.unaccent, pg_catalog.french_stem;

-- Columns and no GIN index: under row security a `@@` runs only after the policy, since it is not leakproof, so a
-- search reads its gym's rows (session_turns_by_session, summaries_by_gym_and_label) and an index would only cost writes.
-- A tsvector takes at most 1 MB; past 20,000 characters a turn is kept and no longer searched.
alter table public.session_turns
    add column search_words tsvector
    generated always as (to_tsvector('public.french_unaccent', left(text, 20000))) stored;
alter table public.conversation_summaries
    add column search_words tsvector
    generated always as (to_tsvector('public.french_unaccent', coalesce(summary_text, ''))) stored;

reset role;
