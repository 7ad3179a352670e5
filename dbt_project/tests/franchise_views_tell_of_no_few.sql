-- No number of one to four leaves its gym, and nothing that one to four members are behind.
select gym_id
from {{ ref('fct_franchise_topics_monthly') }}
where member_count < {{ var('least_members') }}
    or negative_session_count between 1 and {{ var('least_members') }} - 1
    or (is_suppressed and (session_count is not null or mean_sentiment_score is not null))
union all
select gym_id
from {{ ref('fct_franchise_gyms_monthly') }}
where talking_member_count between 1 and {{ var('least_members') }} - 1
    or visit_count between 1 and {{ var('least_members') }} - 1
    or session_count between 1 and {{ var('least_members') }} - 1
    or alert_opened_count between 1 and {{ var('least_members') }} - 1
    or negative_session_count between 1 and {{ var('least_members') }} - 1
    or analysed_session_count between 1 and {{ var('least_members') }} - 1
    or left_count between 1 and {{ var('least_members') }} - 1
    or (
        talking_member_count is null
        and coalesce(mean_sentiment_score, negative_session_count, analysed_session_count) is not null
    )
