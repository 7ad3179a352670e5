{% snapshot snp_memberships %}

{{
    config(
        unique_key="membership_id",
        check_cols=["membership_status", "membership_plan", "expires_date", "cancelled_date", "monthly_price_eur"],
        post_hook="{{ forget_gone('stg_jarvis__memberships', 'membership_id') }}",
    )
}}

select
    membership_id,
    gym_id,
    member_id,
    membership_plan,
    membership_status,
    started_date,
    expires_date,
    cancelled_date,
    monthly_price_eur
from {{ ref('stg_jarvis__memberships') }}

{% endsnapshot %}
