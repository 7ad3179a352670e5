-- One broken machine is one open incident, whatever names it was given: « douche 3 », « la douche du fond ».

set local role jarvis_owner;

-- Both who raise such alerts, the analysis and the kiosk's tool, write what they understood as context.thing
-- (jarvis/places.py); here, where both meet, a report joins the one open incident it can mean: the one of its number, else
-- one that may be it. A thing without a number may be any of its kind: where several are open, it is none of them.
create function app.join_open_incident() returns trigger
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

-- An incident keeps every name it was reported under, the latest fifty, and the most exact one as its own.
create function app.keep_mentions() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    was jsonb := old.context -> 'thing';
    is_vaguer boolean := was ->> 'number' is not null and new.context -> 'thing' ->> 'number' is null;
begin
    new.context := new.context || jsonb_build_object(
        'thing', (new.context -> 'thing') || jsonb_build_object(
            'number', coalesce(was ->> 'number', new.context -> 'thing' ->> 'number'),
            'zone', coalesce(was ->> 'zone', new.context -> 'thing' ->> 'zone')
        ),
        'mentions', (
            select coalesce(jsonb_agg(latest.mention order by latest.place), '[]'::jsonb)
            from (
                select named.mention, min(named.place) as place
                from jsonb_array_elements(
                    coalesce(old.context -> 'mentions', '[]'::jsonb) || coalesce(new.context -> 'mentions', '[]'::jsonb)
                ) with ordinality as named (mention, place)
                group by named.mention
                order by min(named.place) desc
                limit 50
            ) as latest
        )
    );
    if is_vaguer then
        new.title := old.title;
        new.context := new.context || jsonb_build_object(
            'machine', old.context -> 'machine', 'zone', old.context -> 'zone'
        );
    end if;
    return new;
end
$$;

alter function app.join_open_incident() owner to jarvis_definer;
alter function app.keep_mentions() owner to jarvis_definer;
revoke execute on function app.join_open_incident(), app.keep_mentions() from public;
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

reset role;
