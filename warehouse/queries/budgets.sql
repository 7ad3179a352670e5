-- voice_budget --
-- Where the gym of this transaction's kiosk stands in its month.
select standing.month, standing.spent_usd, standing.budget_usd, standing.cheaper_share
from app.voice_budget(%(moment)s::timestamptz) as standing;

-- raise_voice_budget_alert --
-- Tells the manager that a threshold is crossed, once a month.
select app.raise_voice_budget_alert(
    %(moment)s::timestamptz, %(threshold)s::text, %(title)s::text, %(description)s::text,
    %(recommended_actions)s::jsonb
) as is_raised;
