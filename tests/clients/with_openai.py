"""openai-python holds the exchange."""

import asyncio
import base64

from exchange import ANSWER_SECONDS, INSTRUCTIONS, TOKEN, TOOL_NAME, URL, Exchange, exchange_of, spoken_frames
from openai import AsyncOpenAI


async def converse(exchange: Exchange) -> None:
    """The sentence was said and the answer heard."""
    client = AsyncOpenAI(api_key=TOKEN, websocket_base_url=URL.removesuffix("/realtime"))
    async with client.realtime.connect(model="gpt-realtime-2.1") as connection:
        await connection.session.update(
            session={
                "type": "realtime",
                "instructions": INSTRUCTIONS,
                "tools": [{"type": "function", "name": TOOL_NAME, "parameters": {"type": "object", "properties": {}}}],
            }
        )
        async for frame in spoken_frames(exchange):
            await connection.input_audio_buffer.append(audio=base64.b64encode(frame).decode())
        async for event in connection:
            match event.type:
                case "error":
                    exchange.errors.append(str(event.error.code))
                case "session.updated":
                    assert not event.session.instructions and not event.session.tools, "the gateway's own are shown"
                case "conversation.item.input_audio_transcription.completed":
                    exchange.member.append(event.transcript)
                case "response.output_audio.delta":
                    exchange.audio_out_bytes += len(base64.b64decode(event.delta))
                case "response.output_audio_transcript.done":
                    exchange.answers.append(event.transcript)
                case "response.output_item.done" if event.item.type == "function_call":
                    exchange.tool_calls.append(str(event.item.name))
                case "response.done":
                    exchange.bill(event.response.usage.input_tokens, event.response.usage.output_tokens)
            if exchange.answers and exchange.member and event.type == "response.done":
                return


async def main() -> None:
    """One JSON line."""
    exchange = exchange_of("openai")
    async with asyncio.timeout(ANSWER_SECONDS):
        await converse(exchange)
    exchange.report()


asyncio.run(main())
