-- Only the rules fold incidents and keep them apart.
drop trigger reports_join_the_open_incident on public.manager_alerts;
drop trigger incidents_keep_their_names on public.manager_alerts;
drop function app.split_incident(uuid, uuid[], jsonb);
drop function app.merge_incidents(uuid, uuid);
drop function app.last_heard(jsonb, timestamptz);
drop function app.evidence_part(jsonb, uuid[], boolean);
drop function app.joined(jsonb, jsonb);
drop function app.incident_in_hand(uuid);

create or replace function app.join_open_incident() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    thing jsonb := new.context -> 'thing';
    alike text[];
    possible text[];
begin
    -- Two reports of one thing at one moment: the second one sees the first.
    perform pg_advisory_xact_lock(hashtextextended(new.gym_id::text, 242));
    select
        array_agg(alerts.dedup_key) filter (
            where alerts.context -> 'thing' ->> 'number' is not distinct from thing ->> 'number'
        ),
        array_agg(alerts.dedup_key)
    into alike, possible
    from public.manager_alerts as alerts
    where alerts.gym_id = new.gym_id
        and alerts.alert_type = 'equipment_issue'
        and alerts.status in ('pending', 'in_progress')
        and alerts.context -> 'thing' ->> 'kind' = thing ->> 'kind'
        and alerts.context -> 'thing' ->> 'trade' = thing ->> 'trade'
        and coalesce(alerts.context -> 'thing' ->> 'number' = thing ->> 'number', true)
        and coalesce(alerts.context -> 'thing' ->> 'zone' = thing ->> 'zone', true);
    if cardinality(alike) = 1 then
        new.dedup_key := alike[1];
    elsif alike is null and cardinality(possible) = 1 then
        new.dedup_key := possible[1];
    end if;
    return new;
end
$$;
create trigger reports_join_the_open_incident before insert on public.manager_alerts
    for each row
    when (new.alert_type = 'equipment_issue' and new.context -> 'thing' ->> 'kind' is not null)
    execute function app.join_open_incident();
create trigger incidents_keep_their_names before update of context on public.manager_alerts
    for each row
    when (
        new.alert_type = 'equipment_issue' and new.context -> 'thing' ->> 'kind' is not null
        and old.context -> 'mentions' is distinct from new.context -> 'mentions'
    )
    execute function app.keep_mentions();
