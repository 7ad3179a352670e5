-- Each member against their own habit: the trend of their visits, the days that do not count, and who is still new.

set local role jarvis_owner;

alter table public.member_analytics
    -- The gym's own day on which the row was true: days since a visit are days before this one.
    add column observed_on date,
    -- Joined less than three weeks ago: shown as new, and without scores until a pattern can exist.
    add column is_new boolean not null default false,
    add column counted_days_since_last_visit integer
        constraint counted_days_since_last_visit_are_positive check (counted_days_since_last_visit >= 0),
    add column usual_visits_per_week numeric(4, 2)
        constraint usual_visits_are_positive check (usual_visits_per_week > 0),
    -- Counted days without a visit after which the member is missed.
    add column expected_gap_days numeric(5, 1)
        constraint expected_gap_is_a_week_or_more check (expected_gap_days >= 7),
    add column visit_trend text
        constraint visit_trend_is_known check (visit_trend in ('rising', 'steady', 'falling', 'absent')),
    -- Why the day does not count; null on a day that does.
    add column mute_reason text
        constraint mute_reason_is_known
        check (mute_reason in ('absence', 'frozen', 'closure', 'public_holiday', 'school_holiday')),
    -- The last day of the mute; null while it has no known end.
    add column muted_until date,
    add constraint mute_end_has_a_reason check (muted_until is null or mute_reason is not null),
    add constraint new_member_has_no_scores check (
        not is_new
        or (
            engagement_score is null and visit_trend is null and usual_visits_per_week is null
            and expected_gap_days is null
        )
    ),
    -- A holiday stops the count; who said they are away is not missed at all.
    add constraint nobody_is_missed_while_away check (
        visit_trend is distinct from 'absent'
        or mute_reason is null
        or mute_reason in ('public_holiday', 'school_holiday')
    );

-- A session whose words nobody may read, or could, is still a conversation held.
drop index public.summaries_to_count;
create index summaries_to_count on public.conversation_summaries (analysed_at)
    where status in ('completed', 'skipped', 'parked') and counted_at is null;

reset role;
