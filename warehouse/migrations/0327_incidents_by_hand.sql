-- What the rules fold or keep apart wrongly, a person merges or splits: « le tapis du fond » is tapis 4, douche 3 is two showers.

set local role jarvis_owner;

-- The open incident of this id, locked, where the person manages its gym or the operator asks; null where they see none.
create function app.incident_in_hand(of_alert uuid) returns public.manager_alerts
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    found_alert public.manager_alerts;
begin
    select alerts.* into found_alert from public.manager_alerts as alerts where alerts.id = of_alert for update;
    if found_alert.id is null or not (
        app.is_operator() or coalesce(found_alert.gym_id = any (app.managed_gym_ids()), false)
    ) then
        return null;
    end if;
    if found_alert.alert_type <> 'equipment_issue' or found_alert.status not in ('pending', 'in_progress') then
        raise exception 'alert %: found % that is %, expected an open equipment_issue',
            of_alert, found_alert.alert_type, found_alert.status
            using errcode = 'check_violation';
    end if;
    return found_alert;
end
$$;

-- Every distinct element of both arrays.
create function app.joined(one jsonb, other jsonb) returns jsonb
language sql immutable
set search_path = pg_catalog, pg_temp
return (
    select coalesce(jsonb_agg(distinct both_arrays.element), '[]'::jsonb)
    from jsonb_array_elements(coalesce(one, '[]'::jsonb) || coalesce(other, '[]'::jsonb)) as both_arrays (element)
);

-- The sessions, and the turns and names they gave, of the incident's evidence; with `is_in` false all but those.
create function app.evidence_part(evidence jsonb, of_sessions uuid[], is_in boolean) returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
return jsonb_build_object(
    'session_ids', (
        select coalesce(jsonb_agg(listed.id), '[]'::jsonb)
        from jsonb_array_elements_text(evidence -> 'session_ids') as listed (id)
        where (listed.id::uuid = any (of_sessions)) = is_in
    ),
    'mentions', (
        select coalesce(jsonb_agg(listed.mention order by listed.place), '[]'::jsonb)
        from jsonb_array_elements(evidence -> 'mentions') with ordinality as listed (mention, place)
        where ((listed.mention ->> 'session_id')::uuid = any (of_sessions)) = is_in
    ),
    'turns', (
        select coalesce(jsonb_agg(listed.turn order by listed.place), '[]'::jsonb)
        from jsonb_array_elements(evidence -> 'turns') with ordinality as listed (turn, place)
        where exists (
            select from public.session_turns as turns
            where turns.id = (listed.turn ->> 'turn_id')::uuid and turns.session_id = any (of_sessions)
        ) = is_in
    ),
    'unfounded_session_ids', (
        select coalesce(jsonb_agg(listed.id), '[]'::jsonb)
        from jsonb_array_elements_text(evidence -> 'unfounded_session_ids') as listed (id)
        where (listed.id::uuid = any (of_sessions)) = is_in
    )
);

-- The second incident goes into the first, which keeps its name: sessions, names, words and their count; reports under
-- any name of either join it from now on. Null where the person manages no such incident.
create function app.merge_incidents(kept_alert uuid, folded_alert uuid) returns uuid
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    kept public.manager_alerts;
    folded public.manager_alerts;
    shared_count integer;
begin
    if kept_alert = folded_alert then
        raise exception 'alert %: found one incident twice, expected two', kept_alert using errcode = 'check_violation';
    end if;
    kept := app.incident_in_hand(kept_alert);
    folded := app.incident_in_hand(folded_alert);
    if kept.id is null or folded.id is null then
        return null;
    end if;
    if kept.gym_id <> folded.gym_id then
        raise exception 'alert %: found an incident of another gym than %, expected one of the same', folded.id, kept.id
            using errcode = 'check_violation';
    end if;
    select count(*) into shared_count
    from jsonb_array_elements(kept.context -> 'session_ids') as listed (id)
    where folded.context -> 'session_ids' @> listed.id;
    -- It says where it went before it ends: the end stands.
    update public.manager_alerts as alerts
    set context = alerts.context || jsonb_build_object('merged_into', kept.id)
    where alerts.id = folded.id;
    update public.manager_alerts as alerts
    set status = 'resolved', outcome_code = 'duplicate', resolution_notes = 'Réuni avec un autre incident'
    where alerts.id = folded.id;
    update public.manager_alerts as alerts
    set occurrence_count = kept.occurrence_count + folded.occurrence_count - shared_count,
        last_occurred_at = greatest(kept.last_occurred_at, folded.last_occurred_at),
        priority = case
            when array_position(array['low', 'medium', 'high', 'urgent'], folded.priority)
                > array_position(array['low', 'medium', 'high', 'urgent'], kept.priority)
                then folded.priority
            else kept.priority
        end,
        context = kept.context || jsonb_build_object(
            'session_ids', app.joined(kept.context -> 'session_ids', folded.context -> 'session_ids'),
            'mentions', coalesce(kept.context -> 'mentions', '[]') || coalesce(folded.context -> 'mentions', '[]'),
            'unfounded_session_ids',
            app.joined(kept.context -> 'unfounded_session_ids', folded.context -> 'unfounded_session_ids'),
            'merged_keys', app.joined(
                app.joined(kept.context -> 'merged_keys', folded.context -> 'merged_keys'),
                jsonb_build_array(folded.dedup_key)
            ),
            'turns', (
                select coalesce(jsonb_agg(latest.turn order by latest.turn ->> 'said_at'), '[]'::jsonb)
                from (
                    select listed.turn
                    from jsonb_array_elements(app.joined(kept.context -> 'turns', folded.context -> 'turns'))
                        as listed (turn)
                    order by listed.turn ->> 'said_at' desc
                    limit 12
                ) as latest
            )
        )
    where alerts.id = kept.id;
    update public.staff_requests as requests set alert_id = kept.id
    where requests.gym_id = kept.gym_id and requests.alert_id = folded.id;
    perform app.audit_desk(
        kept.gym_id, 'incident_merged', 'manager_alerts', kept.id,
        jsonb_build_object('folded', folded.id, 'occurrence_count', folded.occurrence_count)
    );
    return kept.id;
end
$$;

-- What these sessions reported is an incident of its own; its id, null where the person manages no such incident.
-- `told` names both as the rules read what is left of each: {"kept" | "made": {"title", "machine", "zone", "thing"}}.
create function app.split_incident(of_alert uuid, of_sessions uuid[], told jsonb) returns uuid
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    old_alert public.manager_alerts;
    made uuid := gen_random_uuid();
    leaving jsonb;
    staying jsonb;
    left_count integer;
begin
    old_alert := app.incident_in_hand(of_alert);
    if old_alert.id is null then
        return null;
    end if;
    leaving := app.evidence_part(old_alert.context, of_sessions, true);
    staying := app.evidence_part(old_alert.context, of_sessions, false);
    left_count := jsonb_array_length(leaving -> 'session_ids');
    if left_count = 0 or jsonb_array_length(staying -> 'session_ids') = 0
        or left_count < cardinality(of_sessions) or left_count >= old_alert.occurrence_count then
        raise exception 'alert %: found % of % given sessions among the % that it counts, expected some of them and not all',
            of_alert, left_count, cardinality(of_sessions), old_alert.occurrence_count
            using errcode = 'check_violation';
    end if;
    update public.manager_alerts as alerts
    set title = coalesce(told -> 'kept' ->> 'title', alerts.title),
        occurrence_count = alerts.occurrence_count - left_count,
        last_occurred_at = app.last_heard(staying, alerts.last_occurred_at),
        session_id = case
            when alerts.session_id = any (of_sessions) then (staying -> 'session_ids' ->> -1)::uuid
            else alerts.session_id
        end,
        context = alerts.context || coalesce((told -> 'kept') - 'title', '{}') || staying || jsonb_build_object(
            'split_into', coalesce(alerts.context -> 'split_into', '[]'::jsonb) || jsonb_build_array(made)
        )
    where alerts.id = old_alert.id;
    insert into public.manager_alerts (
        id, gym_id, session_id, alert_type, priority, title, description, recommended_actions, context, dedup_key,
        occurrence_count, last_occurred_at
    )
    values (
        made, old_alert.gym_id, (leaving -> 'session_ids' ->> -1)::uuid, old_alert.alert_type, old_alert.priority,
        coalesce(told -> 'made' ->> 'title', old_alert.title), old_alert.description, old_alert.recommended_actions,
        (old_alert.context - array['merged_keys', 'split_into'])
        || coalesce((told -> 'made') - 'title', '{}') || leaving
        || jsonb_build_object('split_from', old_alert.id, 'split_from_key', old_alert.dedup_key),
        'equipment_issue:split:' || made, left_count, app.last_heard(leaving, old_alert.last_occurred_at)
    );
    update public.staff_requests as requests set alert_id = made
    where requests.gym_id = old_alert.gym_id
        and requests.alert_id = old_alert.id
        and requests.session_id = any (of_sessions);
    perform app.audit_desk(
        old_alert.gym_id, 'incident_split', 'manager_alerts', old_alert.id,
        jsonb_build_object('made', made, 'occurrence_count', left_count)
    );
    return made;
end
$$;

-- When the sessions of the evidence ended last: silence about a thing is counted from there.
create function app.last_heard(evidence jsonb, otherwise timestamptz) returns timestamptz
language sql stable security definer
set search_path = pg_catalog, pg_temp
return coalesce(
    (
        select max(coalesce(sessions.ended_at, sessions.started_at))
        from public.openai_realtime_sessions as sessions
        where sessions.id in (
            select listed.id::uuid from jsonb_array_elements_text(evidence -> 'session_ids') as listed (id)
        )
    ),
    otherwise
);

-- As in 0242, after what a person decided: the incident that holds this very report; one that was merged or split by
-- hand and knows the report's name.
create or replace function app.join_open_incident() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    thing jsonb := new.context -> 'thing';
    mention jsonb := new.context -> 'mentions' -> 0;
    by_hand text;
    alike text[];
    possible text[];
begin
    if new.context ? 'split_from' then
        return new;
    end if;
    -- Two reports of one thing at one moment: the second one sees the first.
    perform pg_advisory_xact_lock(hashtextextended(new.gym_id::text, 242));
    select alerts.dedup_key into by_hand
    from public.manager_alerts as alerts
    cross join lateral (
        select
            alerts.context -> 'mentions' @> jsonb_build_array(mention) as has_report,
            alerts.context ->> 'split_from_key' = new.dedup_key
            and alerts.context -> 'session_ids' @> (new.context -> 'session_ids') as has_session,
            alerts.context ?| array['merged_keys', 'split_from_key']
            and alerts.context -> 'mentions' @> jsonb_build_array(mention - 'session_id') as has_name,
            alerts.context -> 'merged_keys' ? new.dedup_key as has_key
    ) as known
    where alerts.gym_id = new.gym_id
        and alerts.alert_type = 'equipment_issue'
        and alerts.status in ('pending', 'in_progress')
        and (known.has_report or known.has_session or known.has_name or known.has_key)
    order by
        coalesce(known.has_report, false) desc, coalesce(known.has_session, false) desc,
        coalesce(known.has_name, false) desc, alerts.created_at desc
    limit 1;
    if by_hand is not null then
        new.dedup_key := by_hand;
        return new;
    end if;
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

-- A thing without a known name is merged and split as well.
drop trigger reports_join_the_open_incident on public.manager_alerts;
create trigger reports_join_the_open_incident before insert on public.manager_alerts
    for each row when (new.alert_type = 'equipment_issue') execute function app.join_open_incident();
-- A split takes names away, and a person says what is left.
drop trigger incidents_keep_their_names on public.manager_alerts;
create trigger incidents_keep_their_names before update of context on public.manager_alerts
    for each row
    when (
        new.alert_type = 'equipment_issue' and new.context -> 'thing' ->> 'kind' is not null
        and old.context -> 'mentions' is distinct from new.context -> 'mentions'
        and old.context -> 'split_into' is not distinct from new.context -> 'split_into'
    )
    execute function app.keep_mentions();

alter function app.incident_in_hand(uuid) owner to jarvis_definer;
alter function app.joined(jsonb, jsonb) owner to jarvis_definer;
alter function app.evidence_part(jsonb, uuid[], boolean) owner to jarvis_definer;
alter function app.last_heard(jsonb, timestamptz) owner to jarvis_definer;
alter function app.merge_incidents(uuid, uuid) owner to jarvis_definer;
alter function app.split_incident(uuid, uuid[], jsonb) owner to jarvis_definer;
revoke execute on function
    app.incident_in_hand(uuid), app.joined(jsonb, jsonb), app.evidence_part(jsonb, uuid[], boolean),
    app.last_heard(jsonb, timestamptz), app.merge_incidents(uuid, uuid), app.split_incident(uuid, uuid[], jsonb)
    from public;
grant execute on function app.merge_incidents(uuid, uuid), app.split_incident(uuid, uuid[], jsonb)
    to jarvis_dashboard, jarvis_pipeline;

reset role;
