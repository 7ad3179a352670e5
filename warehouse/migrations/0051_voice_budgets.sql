-- A gym's voice has a monthly budget: near its end sessions get cheaper, at its end they are text, and the manager knows.

set local role jarvis_owner;

alter table public.gyms
    -- USD a calendar month of the gym's own time zone; null for none, 0 for text only.
    add column voice_budget_usd numeric(10, 2)
        constraint voice_budget_is_positive check (voice_budget_usd >= 0),
    -- From this share of it on, new sessions speak with the cheaper model.
    add column voice_budget_cheaper_share numeric(3, 2) not null default 0.80
        constraint voice_budget_share_in_range check (voice_budget_cheaper_share > 0 and voice_budget_cheaper_share <= 1);

alter table public.manager_alerts drop constraint alert_type_is_known;
alter table public.manager_alerts add constraint alert_type_is_known check (
    alert_type in (
        'churn_risk', 'negative_feedback', 'equipment_issue', 'milestone', 'kiosk_offline', 'data_quality',
        'voice_budget'
    )
);

-- A month is summed at each session's opening: the amounts are in the index.
drop index public.realtime_usage_by_time;
create index realtime_usage_by_time on public.realtime_usage (gym_id, occurred_at desc) include (cost_usd);

-- Where the gym of this transaction's kiosk stands, at a moment; no row without a kiosk or without a budget.
create function app.voice_budget(moment timestamptz)
returns table (gym_id uuid, month date, spent_usd numeric, budget_usd numeric, cheaper_share numeric)
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
    select
        gyms.id as gym_id,
        date_trunc('month', moment at time zone gyms.timezone)::date as month,
        coalesce((
            select sum(usage.cost_usd)
            from public.realtime_usage as usage
            where usage.gym_id = gyms.id
                and usage.occurred_at >= date_trunc('month', moment at time zone gyms.timezone) at time zone gyms.timezone
                and usage.occurred_at
                    < (date_trunc('month', moment at time zone gyms.timezone) + interval '1 month')
                    at time zone gyms.timezone
        ), 0) as spent_usd,
        gyms.voice_budget_usd as budget_usd,
        gyms.voice_budget_cheaper_share as cheaper_share
    from public.kiosks
    inner join public.gyms on kiosks.gym_id = gyms.id
    where kiosks.id = nullif(current_setting('app.kiosk_id', true), '')::uuid
        and gyms.voice_budget_usd is not null;
end;

-- Tells the manager once for each threshold and month, and only of one that is crossed; the gateway gives the words.
create function app.raise_voice_budget_alert(
    moment timestamptz, threshold text, title text, description text, recommended_actions jsonb
) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    standing record;
    cause text;
begin
    select * into standing from app.voice_budget(moment);
    if standing.gym_id is null
        or threshold not in ('cheaper', 'text')
        or standing.spent_usd
            < standing.budget_usd * (case threshold when 'cheaper' then standing.cheaper_share else 1 end)
    then
        return false;
    end if;
    cause := format('voice_budget:%s:%s', to_char(standing.month, 'YYYY-MM'), threshold);
    -- Several gateways may find it crossed at the same moment; and what a manager has closed stays closed.
    perform pg_advisory_xact_lock(hashtextextended(standing.gym_id || cause, 0));
    insert into public.manager_alerts (
        gym_id, alert_type, priority, title, description, recommended_actions, context, dedup_key, last_occurred_at
    )
    select
        standing.gym_id, 'voice_budget', case threshold when 'text' then 'high' else 'medium' end, title, description,
        recommended_actions,
        jsonb_build_object(
            'month', to_char(standing.month, 'YYYY-MM'), 'threshold', threshold,
            'spent_usd', standing.spent_usd, 'budget_usd', standing.budget_usd,
            'session_ids', '[]'::jsonb, 'turns', '[]'::jsonb
        ),
        cause, moment
    where not exists (
        select from public.manager_alerts as raised
        where raised.gym_id = standing.gym_id and raised.dedup_key = cause
    );
    return found;
end
$$;

alter function app.voice_budget(timestamptz) owner to jarvis_definer;
alter function app.raise_voice_budget_alert(timestamptz, text, text, text, jsonb) owner to jarvis_definer;
-- Its right to alerts comes with the staff's requests, in 0062.
grant select on public.realtime_usage to jarvis_definer;
revoke execute on function
    app.voice_budget(timestamptz), app.raise_voice_budget_alert(timestamptz, text, text, text, jsonb)
    from public;
grant execute on function
    app.voice_budget(timestamptz), app.raise_voice_budget_alert(timestamptz, text, text, text, jsonb)
    to jarvis_gateway;

reset role;
