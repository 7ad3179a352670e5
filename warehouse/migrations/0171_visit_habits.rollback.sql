-- Takes the habits and the mutes away again.
drop index public.summaries_to_count;
create index summaries_to_count on public.conversation_summaries (analysed_at)
    where status = 'completed' and counted_at is null;
alter table public.member_analytics
    drop constraint mute_end_has_a_reason,
    drop constraint new_member_has_no_scores,
    drop constraint nobody_is_missed_while_away,
    drop column observed_on,
    drop column is_new,
    drop column counted_days_since_last_visit,
    drop column usual_visits_per_week,
    drop column expected_gap_days,
    drop column visit_trend,
    drop column mute_reason,
    drop column muted_until;
