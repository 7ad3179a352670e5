-- Takes the two indexes away: the evidence checks read whole tables.
drop index public.summaries_by_analysis;
drop index public.alerts_by_change;
