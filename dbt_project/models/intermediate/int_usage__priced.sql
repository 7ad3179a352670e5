with

usage as (
    select * from {{ ref('stg_jarvis__usage') }}
),

-- A model's dated snapshot is priced as the model, an unknown one as the dearest (jarvis/prices.py).
models as (
    select distinct
        price_version,
        model
    from usage
),

matched as (
    select distinct on (models.price_version, models.model)
        models.model as used_model,
        prices.*
    from models
    inner join {{ ref('model_prices') }} as prices
        on models.price_version = prices.price_version
        and (
            models.model = prices.model
            or models.model ~ ('^' || prices.model || '(-[0-9]+)+$')
            or prices.is_dearest
        )
    order by
        models.price_version,
        models.model,
        (models.model = prices.model or models.model ~ ('^' || prices.model || '(-[0-9]+)+$')) desc,
        length(prices.model) desc
),

-- An invoice line by modality, exact; nothing where its price list is unknown.
lines as (
    select
        usage.usage_id,
        usage.session_id,
        usage.gym_id,
        usage.source_kind,
        usage.model,
        usage.cost_usd as line_cost_usd,
        parts.modality,
        parts.token_count,
        parts.cached_token_count,
        parts.audio_seconds,
        coalesce(parts.exact_usd, 0) as exact_usd,
        coalesce(parts.cached_usd, 0) as cached_usd
    from usage
    left join matched on usage.price_version = matched.price_version and usage.model = matched.used_model
    cross join lateral (
        values
        (
            'text',
            usage.text_input_tokens + usage.text_output_tokens,
            usage.cached_text_tokens,
            0::numeric,
            (
                (usage.text_input_tokens - usage.cached_text_tokens) * matched.text_in_usd
                + usage.cached_text_tokens * matched.text_cached_usd
                + usage.text_output_tokens * matched.text_out_usd
            ) / 1000000,
            usage.cached_text_tokens * matched.text_cached_usd / 1000000
        ),
        (
            'audio',
            usage.audio_input_tokens + usage.audio_output_tokens,
            usage.cached_audio_tokens,
            usage.duration_seconds,
            (
                (usage.audio_input_tokens - usage.cached_audio_tokens) * matched.audio_in_usd
                + usage.cached_audio_tokens * matched.audio_cached_usd
                + usage.audio_output_tokens * matched.audio_out_usd
            ) / 1000000
            + usage.duration_seconds / 60 * matched.per_minute_usd,
            usage.cached_audio_tokens * matched.audio_cached_usd / 1000000
        ),
        (
            'image',
            usage.image_input_tokens,
            usage.cached_image_tokens,
            0::numeric,
            (
                (usage.image_input_tokens - usage.cached_image_tokens) * matched.image_in_usd
                + usage.cached_image_tokens * matched.image_cached_usd
            ) / 1000000,
            usage.cached_image_tokens * matched.image_cached_usd / 1000000
        )
    ) as parts (modality, token_count, cached_token_count, audio_seconds, exact_usd, cached_usd)
),

ranked as (
    select
        *,
        row_number() over (partition by usage_id order by exact_usd desc, modality) as part_number
    from lines
),

-- The dearest part takes what rounding left, so that the parts are the line's cost to the microdollar.
billed as (
    select
        *,
        case
            when part_number = 1
                then line_cost_usd - coalesce(
                    sum(round(exact_usd, 6)) filter (where part_number > 1) over (partition by usage_id), 0
                )
            else round(exact_usd, 6)
        end as cost_usd
    from ranked
)

select
    usage_id,
    session_id,
    gym_id,
    source_kind,
    model,
    modality,
    token_count,
    cached_token_count,
    audio_seconds::numeric(10, 3) as audio_seconds,
    exact_usd::numeric(18, 12) as exact_usd,
    cost_usd::numeric(12, 6) as cost_usd,
    least(round(cached_usd, 6), cost_usd)::numeric(12, 6) as cached_cost_usd
from billed
where part_number = 1 or exact_usd > 0 or token_count > 0 or audio_seconds > 0
