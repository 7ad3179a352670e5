{#
    Marts by day that only grow: each build takes the newest days out and makes them again, so rows that came late and
    corrections within `lookback_days` are in. What came later still is in after a backfill of its day, or a build with
    --full-refresh.
#}

{# True for a day that a backfill asked for. #}
{% macro in_backfill(day) -%}
    {% if var('backfill_first_day') %}
    ({{ day }} between '{{ var("backfill_first_day") }}'::date and '{{ var("backfill_last_day") }}'::date)
    {% else %}
    false
    {% endif %}
{%- endmacro %}

{#
    The pre-hook of the kiosks' days: the newest are gone, so that the build makes them anew; within its transaction. Of
    those that a backfill asked for only what all heartbeats are still kept of.
#}
{% macro reopen_window() -%}
    {% if is_incremental() %}
    delete from {{ this }} as standing
    where standing.local_date >= (select max(newest.local_date) - {{ var('lookback_days') }} from {{ this }} as newest)
        or {{ in_backfill('standing.local_date') }}
        and standing.local_date > (
            select {{ local_date('min(beats.received_at)', "max(gyms.timezone)") }}
            from {{ ref('stg_jarvis__heartbeats') }} as beats
            inner join {{ ref('stg_jarvis__gyms') }} as gyms on beats.gym_id = gyms.gym_id
            where beats.kiosk_id = standing.kiosk_id
        )
    {% else %}
    select 1
    {% endif %}
{%- endmacro %}

{# The newest day that still stands: what is after it is made anew. #}
{% macro window_start() -%}
    (select coalesce(max(standing.local_date), '-infinity'::date) from {{ this }} as standing)
{%- endmacro %}

{#
    The pre-hook of the costs: gone are the newest days, those of a backfill, and those whose cost is no longer that of
    their sessions, however old: a second analysis costs, and a session may be taken out.
#}
{% macro reopen_costs() -%}
    {% if is_incremental() and 'cached_cost_usd' not in adapter.get_columns_in_relation(this) | map(attribute='name') %}
    {# Built before its cached part was told: every day is made anew. #}
    delete from {{ this }}
    {% elif is_incremental() %}
    delete from {{ this }}
    where local_date >= (select max(local_date) - {{ var('lookback_days') }} from {{ this }})
        or {{ in_backfill('local_date') }}
        or (gym_id, local_date) in (
            select
                standing.gym_id,
                standing.local_date
            from (
                select
                    gym_id,
                    local_date,
                    sum(cost_usd) as cost_usd,
                    coalesce(sum(line_count) filter (where cost_kind = 'analysis'), 0) as analysis_count
                from {{ this }}
                group by gym_id, local_date
            ) as standing
            left join (
                select
                    gym_id,
                    local_date,
                    sum(cost_usd) as cost_usd,
                    count(*) filter (where analysis_status = 'completed' or analysis_cost_usd > 0) as analysis_count
                from {{ ref('fct_sessions') }}
                group by gym_id, local_date
            ) as sessions
                on standing.gym_id = sessions.gym_id and standing.local_date = sessions.local_date
            where (standing.cost_usd, standing.analysis_count)
                is distinct from (sessions.cost_usd, sessions.analysis_count)
        )
    {% else %}
    select 1
    {% endif %}
{%- endmacro %}

{# The post-hook of a table that is not made whole each time: rows whose source is gone go too, such as an erased member's. #}
{% macro forget_gone(source_model, key) -%}
    {% if execute and load_relation(this) is not none %}
    delete from {{ this }} as kept
    where not exists (select 1 from {{ ref(source_model) }} as known where known.{{ key }} = kept.{{ key }})
    {% else %}
    select 1
    {% endif %}
{%- endmacro %}
