-- Migration 0130 could not see the rows it marked: forced row security hides them from the tables' owner.

set local role jarvis_definer;

-- What a hosted engine analysed before there were two tiers. A simulated past was analysed by none.
update public.conversation_summaries
set enrichment_state = 'done', enriched_at = analysed_at
where status = 'completed' and engine not in ('local', 'simulated') and enrichment_state = 'none';

reset role;
