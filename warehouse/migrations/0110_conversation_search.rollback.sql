-- Takes the searchable words away again; what was said stays.
alter table public.conversation_summaries drop column search_words;
alter table public.session_turns drop column search_words;
drop text search configuration public.french_unaccent;
drop extension if exists unaccent;
