-- Takes people's corrections away; what they corrected shows their word until the next analysis.
drop trigger person_s_label_stands_over_the_engine_s on public.session_turns;
drop trigger person_s_label_stands_over_the_engine_s on public.conversation_summaries;
drop function app.correct_label(uuid, uuid, text, text[]);
drop function app.keep_corrected_turn();
drop function app.keep_corrected_summary();
drop function app.newest_corrections(uuid, uuid, uuid);
drop function app.score_of_label(text);
alter table public.session_turns drop column engine_labels;
alter table public.conversation_summaries drop column engine_labels;
drop table public.label_corrections;
revoke update on public.conversation_summaries, public.session_turns from jarvis_definer;
