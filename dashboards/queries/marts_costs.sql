-- days --
-- What each gym in view cost day by day between two days: a row a gym, its days with conversations in order, the voice's
-- share beside. By the day, because the bills by model and modality are four times as many rows.
select
    daily.gym_id,
    array_agg(daily.local_date order by daily.local_date) as dates,
    array_agg(daily.cost_usd order by daily.local_date) as costs_usd,
    array_agg(daily.voice_cost_usd order by daily.local_date) as voice_costs_usd,
    min(daily.built_at) as built_at
from marts.fct_gym_daily as daily
where daily.local_date between %(since)s::date and %(until)s::date
    and daily.session_count > 0
    and (%(gym_id)s::uuid is null or daily.gym_id = %(gym_id)s::uuid)
group by daily.gym_id;

-- parts --
-- The cost between two days by what was paid for, and by model: a row says which of the two it is.
select
    case when grouping(lines.part) = 0 then 'part' else 'model' end as kind,
    lines.part,
    lines.model,
    sum(lines.cost_usd) as cost_usd,
    sum(lines.token_count)::bigint as token_count,
    sum(lines.audio_seconds) as audio_seconds
from (
    select
        parts.part,
        costs.model,
        parts.cost_usd,
        parts.token_count,
        parts.audio_seconds
    -- Summed before each line is split into what was cached and what was not: a few kinds, and not every gym's days.
    from (
        select
            daily.cost_kind,
            daily.modality,
            daily.model,
            sum(daily.cost_usd) as cost_usd,
            sum(daily.cached_cost_usd) as cached_cost_usd,
            sum(daily.token_count) as token_count,
            sum(daily.cached_token_count) as cached_token_count,
            sum(daily.audio_seconds) as audio_seconds
        from marts.fct_costs_daily as daily
        where daily.local_date between %(since)s::date and %(until)s::date
            and (%(gym_id)s::uuid is null or daily.gym_id = %(gym_id)s::uuid)
        group by daily.cost_kind, daily.modality, daily.model
    ) as costs
    cross join lateral (
        values
        (
            case when costs.cost_kind = 'response' then costs.modality else costs.cost_kind end,
            costs.cost_usd - case when costs.cost_kind = 'response' then costs.cached_cost_usd else 0 end,
            costs.token_count - case when costs.cost_kind = 'response' then costs.cached_token_count else 0 end,
            costs.audio_seconds
        ),
        (
            'cached',
            case when costs.cost_kind = 'response' then costs.cached_cost_usd else 0 end,
            case when costs.cost_kind = 'response' then costs.cached_token_count else 0 end,
            0
        )
    ) as parts (part, cost_usd, token_count, audio_seconds)
) as lines
where lines.part <> 'cached' or lines.token_count > 0
group by grouping sets ((lines.part), (lines.model))
order by sum(lines.cost_usd) desc, lines.part, lines.model;

-- ledger --
-- The bill's lines between two days, the dearest first, and what all of those asked for come to; an empty list chooses
-- nothing.
select
    lines.gym_id,
    gyms.gym_name,
    lines.local_date,
    lines.part,
    lines.model,
    lines.cost_usd,
    lines.token_count,
    lines.audio_seconds,
    count(*) over () as chosen_count,
    sum(lines.cost_usd) over () as chosen_usd
from (
    select
        costs.gym_id,
        costs.local_date,
        costs.model,
        parts.part,
        sum(parts.cost_usd) as cost_usd,
        sum(parts.token_count)::bigint as token_count,
        sum(parts.audio_seconds) as audio_seconds
    from marts.fct_costs_daily as costs
    -- As `parts` splits them, so that these lines add up to its figures.
    cross join lateral (
        values
        (
            case when costs.cost_kind = 'response' then costs.modality else costs.cost_kind end,
            costs.cost_usd - case when costs.cost_kind = 'response' then costs.cached_cost_usd else 0 end,
            costs.token_count - case when costs.cost_kind = 'response' then costs.cached_token_count else 0 end,
            costs.audio_seconds
        ),
        (
            'cached',
            case when costs.cost_kind = 'response' then costs.cached_cost_usd else 0 end,
            case when costs.cost_kind = 'response' then costs.cached_token_count else 0 end,
            0
        )
    ) as parts (part, cost_usd, token_count, audio_seconds)
    where costs.local_date between %(since)s::date and %(until)s::date
        and (%(gym_id)s::uuid is null or costs.gym_id = %(gym_id)s::uuid)
        and (%(gym_ids)s::uuid[] = '{}' or costs.gym_id = any (%(gym_ids)s::uuid[]))
        and (%(models)s::text[] = '{}' or costs.model = any (%(models)s::text[]))
        and (%(parts)s::text[] = '{}' or parts.part = any (%(parts)s::text[]))
        and (parts.part <> 'cached' or parts.token_count > 0)
    group by costs.gym_id, costs.local_date, costs.model, parts.part
) as lines
inner join marts.dim_gyms as gyms on gyms.gym_id = lines.gym_id
order by lines.cost_usd desc, lines.local_date desc, gyms.gym_name, lines.part, lines.model
limit %(most)s::integer;

-- sessions --
-- How many conversations each gym in view held between two days, and what the middle and the dearest of all cost.
select
    sessions.gym_id,
    count(*) as session_count,
    percentile_cont(0.5) within group (order by sessions.cost_usd) as median_usd,
    percentile_cont(0.95) within group (order by sessions.cost_usd) as high_usd
from marts.fct_sessions as sessions
where sessions.local_date between %(since)s::date and %(until)s::date
    and (%(gym_id)s::uuid is null or sessions.gym_id = %(gym_id)s::uuid)
group by grouping sets ((sessions.gym_id), ());

-- dearest --
-- The conversations that cost most between two days.
select
    sessions.session_id,
    sessions.started_at,
    gyms.gym_name,
    gyms.timezone,
    round(sessions.duration_seconds)::double precision as duration_seconds,
    sessions.member_turn_count + sessions.assistant_turn_count as turn_count,
    sessions.close_reason,
    sessions.voice_cost_usd,
    sessions.analysis_cost_usd,
    sessions.cost_usd
from marts.fct_sessions as sessions
inner join marts.dim_gyms as gyms on sessions.gym_id = gyms.gym_id
where sessions.local_date between %(since)s::date and %(until)s::date
    and (%(gym_id)s::uuid is null or sessions.gym_id = %(gym_id)s::uuid)
    and sessions.cost_usd > 0
order by sessions.cost_usd desc, sessions.session_id
limit %(most)s::integer;

-- members --
-- What the month cost each gym in view by the active members of its first day, and how many those were.
select
    figures.gym_id,
    figures.cost_per_member_usd,
    months.member_count
from marts.fct_franchise_gyms_monthly as figures
inner join marts.fct_churn_monthly as months
    on figures.gym_id = months.gym_id and figures.month_date = months.month_date
where figures.month_date = %(since)s::date
    and (%(gym_id)s::uuid is null or figures.gym_id = %(gym_id)s::uuid);
