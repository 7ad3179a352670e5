-- A new member has no scores, and whoever said they are away, is paused or stands before a closed door is not absent.
select
    member_id,
    is_new,
    engagement_score,
    visit_trend,
    mute_reason
from {{ ref('dim_members') }}
where (is_new and (engagement_score is not null or visit_trend is not null))
    or (visit_trend = 'absent' and mute_reason in ('absence', 'frozen', 'closure'))
    or counted_days_since_last_visit > days_since_last_visit
