{% snapshot snp_member_risk %}

{{
    config(
        unique_key="member_id",
        check_cols=["churn_risk_score", "churn_risk_level"],
        post_hook="{{ forget_gone('stg_jarvis__members', 'member_id') }}",
    )
}}

-- depends_on: {{ ref('stg_jarvis__members') }}
-- Who has no score is in the history too: that nothing was known is an answer.
select
    member_id,
    gym_id,
    churn_risk_score,
    churn_risk_level
from {{ ref('stg_jarvis__member_analytics') }}

{% endsnapshot %}
