-- voice_budget --
-- Where the gym of this transaction's kiosk stands in its month.
select standing.month, standing.spent_usd, standing.budget_usd, standing.cheaper_share
from app.voice_budget(%(moment)s::timestamptz) as standing;

-- models_of_gym --
-- Which models the kiosks of this transaction's gym speak with.
select distinct coalesce(kiosks.openai_model, %(model)s::text) as model
from public.kiosks
where kiosks.gym_id = any ((select app.kiosk_gym_ids())::uuid[]);

-- raise_voice_budget_alert --
-- Tells the manager that a threshold is crossed, once a month.
select app.raise_voice_budget_alert(
    %(moment)s::timestamptz, %(threshold)s::text, %(title)s::text, %(description)s::text,
    %(recommended_actions)s::jsonb
) as is_raised;

-- gym_budget --
-- Reads a gym's budget and what its month has cost so far.
select
    gyms.voice_budget_usd as budget_usd,
    gyms.voice_budget_cheaper_share as cheaper_share,
    date_trunc('month', %(moment)s::timestamptz at time zone gyms.timezone)::date as month,
    coalesce((
        select sum(usage.cost_usd)
        from public.realtime_usage as usage
        where usage.gym_id = gyms.id
            and usage.occurred_at
                >= date_trunc('month', %(moment)s::timestamptz at time zone gyms.timezone) at time zone gyms.timezone
            and usage.occurred_at < (
                date_trunc('month', %(moment)s::timestamptz at time zone gyms.timezone) + interval '1 month'
            ) at time zone gyms.timezone
    ), 0) as spent_usd
from public.gyms
where gyms.slug = %(slug)s::text;

-- set_gym_budget --
-- Sets what is given of a gym's budget; a trigger audits it.
update public.gyms
set voice_budget_usd = case when %(is_given)s::boolean then %(usd)s::numeric else gyms.voice_budget_usd end,
    voice_budget_cheaper_share = coalesce(%(cheaper_share)s::numeric, gyms.voice_budget_cheaper_share)
where gyms.slug = %(slug)s::text;
