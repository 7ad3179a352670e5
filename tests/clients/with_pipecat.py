"""pipecat holds the exchange: a pipeline of its OpenAI Realtime service between two aggregators.

The bot greets first, as pipecat's own template does; then the member speaks.
"""

import asyncio

from exchange import ANSWER_SECONDS, INSTRUCTIONS, RATE_HZ, TOKEN, TOOL_NAME, URL, Exchange, exchange_of, spoken_frames
from pipecat.adapters.schemas.function_schema import FunctionSchema
from pipecat.adapters.schemas.tools_schema import ToolsSchema
from pipecat.frames.frames import (
    EndFrame,
    ErrorFrame,
    Frame,
    FunctionCallsStartedFrame,
    InputAudioRawFrame,
    LLMFullResponseEndFrame,
    LLMRunFrame,
    LLMTextFrame,
    MetricsFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
)
from pipecat.metrics.metrics import LLMUsageMetricsData
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService
from pipecat.workers.runner import WorkerRunner


class Listener(FrameProcessor):
    """Notes what passes; one stands on each side of the service, since transcripts travel upstream."""

    def __init__(self, exchange: Exchange, answered: asyncio.Queue[str], **options: object) -> None:
        super().__init__(**options)
        self._exchange = exchange
        self._answered = answered
        self._words = ""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """The frame is noted and goes on."""
        await super().process_frame(frame, direction)
        if direction is FrameDirection.UPSTREAM:
            if isinstance(frame, TranscriptionFrame):
                self._exchange.member.append(frame.text)
        elif isinstance(frame, LLMTextFrame):
            self._words += frame.text
        elif isinstance(frame, TTSAudioRawFrame):
            self._exchange.audio_out_bytes += len(frame.audio)
        elif isinstance(frame, FunctionCallsStartedFrame):
            self._exchange.tool_calls += [call.function_name for call in frame.function_calls]
        elif isinstance(frame, MetricsFrame):
            for data in frame.data:
                if isinstance(data, LLMUsageMetricsData):
                    self._exchange.bill(data.value.prompt_tokens, data.value.completion_tokens)
        elif isinstance(frame, LLMFullResponseEndFrame) and self._words:
            self._exchange.answers.append(self._words)
            self._answered.put_nowait(self._words)
            self._words = ""
        await self.push_frame(frame, direction)


async def converse(exchange: Exchange) -> None:
    """The bot greeted, the sentence was said and the answer heard."""
    till = FunctionSchema(name=TOOL_NAME, description="Opens the till.", properties={}, required=[])
    service = OpenAIRealtimeLLMService(
        api_key=TOKEN, base_url=URL, settings=OpenAIRealtimeLLMService.Settings(system_instruction=INSTRUCTIONS)
    )
    user, assistant = LLMContextAggregatorPair(LLMContext(tools=ToolsSchema(standard_tools=[till])))
    answered: asyncio.Queue[str] = asyncio.Queue()
    before, after = Listener(exchange, answered), Listener(exchange, answered)
    worker = PipelineWorker(
        Pipeline([user, before, service, after, assistant]),
        params=PipelineParams(audio_in_sample_rate=RATE_HZ, enable_metrics=True, enable_usage_metrics=True),
    )

    @worker.event_handler("on_pipeline_error")
    async def failed(_worker: PipelineWorker, frame: ErrorFrame) -> None:
        exchange.errors.append(frame.error)

    async def speak() -> None:
        await worker.queue_frame(LLMRunFrame())
        await answered.get()
        async for frame in spoken_frames(exchange):
            await worker.queue_frame(InputAudioRawFrame(frame, RATE_HZ, 1))
        await answered.get()
        while not exchange.member:
            await asyncio.sleep(0.02)
        await worker.queue_frame(EndFrame())

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await asyncio.gather(runner.run(), speak())


async def main() -> None:
    """One JSON line."""
    exchange = exchange_of("pipecat-ai")
    async with asyncio.timeout(ANSWER_SECONDS):
        await converse(exchange)
    exchange.report()


asyncio.run(main())
