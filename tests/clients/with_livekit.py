"""livekit-plugins-openai holds the exchange: its RealtimeSession, as an AgentSession drives it.

After the spoken turn it asks for a reply itself: that one only resolves when the gateway echoes the
request's metadata.
"""

import asyncio

from exchange import ANSWER_SECONDS, INSTRUCTIONS, RATE_HZ, TOKEN, TOOL_NAME, URL, Exchange, exchange_of, spoken_frames
from livekit import rtc
from livekit.agents import llm
from livekit.agents.metrics import RealtimeModelMetrics
from livekit.plugins.openai.realtime import RealtimeModel


@llm.function_tool(name=TOOL_NAME)
async def open_the_till() -> str:
    """Opens the till."""
    return "open"


async def take(generation: llm.GenerationCreatedEvent, exchange: Exchange) -> None:
    """The words, the sound and the calls of one generation were consumed, as an agent does."""

    async def words(message: llm.MessageGeneration) -> None:
        exchange.answers.append("".join([str(piece) async for piece in message.text_stream]))

    async def sound(message: llm.MessageGeneration) -> None:
        async for frame in message.audio_stream:
            exchange.audio_out_bytes += len(frame.data) * frame.data.itemsize

    async def messages() -> None:
        async for message in generation.message_stream:
            await asyncio.gather(words(message), sound(message))

    async def calls() -> None:
        async for call in generation.function_stream:
            exchange.tool_calls.append(call.name)

    await asyncio.gather(messages(), calls())


async def converse(exchange: Exchange) -> None:
    """The sentence was said, the answer heard, and one more reply was asked for."""
    model = RealtimeModel(base_url=URL.removesuffix("/realtime"), api_key=TOKEN)
    session = model.session()
    taking: set[asyncio.Task[None]] = set()
    heard = asyncio.Event()

    def transcribed(event: llm.InputTranscriptionCompleted) -> None:
        if event.is_final:
            exchange.member.append(event.transcript)
            heard.set()

    def measured(metrics: object) -> None:
        # One without an id comes with the connection itself: no response, no tokens.
        if isinstance(metrics, RealtimeModelMetrics) and metrics.request_id:
            exchange.bill(metrics.input_tokens, metrics.output_tokens)

    session.on("input_audio_transcription_completed", transcribed)
    session.on("generation_created", lambda event: taking.add(asyncio.create_task(take(event, exchange))))
    session.on("metrics_collected", measured)
    session.on("error", lambda event: exchange.errors.append(str(event.error)))
    await session.update_instructions(INSTRUCTIONS)
    await session.update_tools([open_the_till])
    async for frame in spoken_frames(exchange):
        session.push_audio(rtc.AudioFrame(frame, RATE_HZ, 1, len(frame) // 2))
    await heard.wait()
    while not any(exchange.answers):
        await asyncio.sleep(0.02)
    await asyncio.gather(*taking)
    before = exchange.responses
    await session.generate_reply()
    while not (exchange.responses > before and all(task.done() for task in taking)):
        await asyncio.sleep(0.02)
    await session.aclose()
    await model.aclose()


async def main() -> None:
    """One JSON line."""
    exchange = exchange_of("livekit-plugins-openai")
    async with asyncio.timeout(ANSWER_SECONDS):
        await converse(exchange)
    exchange.answers = [answer for answer in exchange.answers if answer]
    exchange.report()


asyncio.run(main())
