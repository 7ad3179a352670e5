-- What changed lately is found without reading the rest: the evidence checks look at the last day every ten minutes.

set local role jarvis_owner;

create index summaries_by_analysis on public.conversation_summaries (analysed_at) where status = 'completed';
create index alerts_by_change on public.manager_alerts (updated_at);

reset role;
