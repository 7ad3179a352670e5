"""openai-agents-python holds the exchange: a RealtimeRunner with an agent, a tool and server turn detection."""

import asyncio

from agents import function_tool
from agents.realtime import RealtimeAgent, RealtimeRunner
from exchange import ANSWER_SECONDS, INSTRUCTIONS, TOKEN, TOOL_NAME, URL, Exchange, exchange_of, spoken_frames


@function_tool(name_override=TOOL_NAME)
def open_the_till() -> str:
    """Opens the till."""
    return "open"


async def speak(session: object, exchange: Exchange) -> None:
    """The sentence was said."""
    async for frame in spoken_frames(exchange):
        await session.send_audio(frame)  # type: ignore[attr-defined]


async def converse(exchange: Exchange) -> None:
    """The sentence was said and the answer heard."""
    agent = RealtimeAgent(name="till", instructions=INSTRUCTIONS, tools=[open_the_till])
    runner = RealtimeRunner(agent)
    words: dict[str, str] = {}
    async with await runner.run(
        model_config={
            "url": URL,
            "api_key": TOKEN,
            "initial_model_settings": {"turn_detection": {"type": "server_vad", "interrupt_response": True}},
        }
    ) as session:
        speaking = asyncio.create_task(speak(session, exchange))
        async for event in session:
            match event.type:
                case "error":
                    exchange.errors.append(str(event.error))
                case "tool_start":
                    exchange.tool_calls.append(event.tool.name)
                case "audio":
                    exchange.audio_out_bytes += len(event.audio.data)
                case "raw_model_event":
                    raw = event.data
                    match raw.type:
                        case "input_audio_transcription_completed":
                            exchange.member.append(raw.transcript)
                        case "transcript_delta":
                            words[raw.item_id] = words.get(raw.item_id, "") + raw.delta
                        case "usage":
                            exchange.bill(raw.usage.input_tokens, raw.usage.output_tokens)
                        case "turn_ended" if words and exchange.member:
                            break
        await speaking
    exchange.answers = list(words.values())


async def main() -> None:
    """One JSON line."""
    exchange = exchange_of("openai-agents")
    async with asyncio.timeout(ANSWER_SECONDS):
        await converse(exchange)
    exchange.report()


asyncio.run(main())
