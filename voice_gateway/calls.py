"""The tool calls of one session: collected while a response runs, run once it is done, answered together. Pure."""

from dataclasses import dataclass

import orjson

from voice_gateway.effects import Event
from voice_gateway.protocol import realtime
from voice_gateway.protocol.realtime import ToolCall


@dataclass(frozen=True, slots=True)
class StartedCall:
    """A call that is to run now."""

    call_id: str
    name: str
    arguments: Event


class ToolCalls:
    """Which calls wait for the end of their response, and which are running."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._collected: dict[str, list[ToolCall]] = {}
        self._running: dict[str, str] = {}

    @property
    def are_running(self) -> bool:
        """True while a result is still to come."""
        return bool(self._running)

    def collect(self, event: Event) -> None:
        """A whole call in `response.output_item.done` waits for its response; one seen before never runs again."""
        call = realtime.completed_call(event)
        if call is not None and call.call_id not in self._seen:
            self._seen.add(call.call_id)
            self._collected.setdefault(str(event.get("response_id")), []).append(call)

    def start(self, response_id: str) -> list[StartedCall]:
        """The calls of a response that is done, running from now on."""
        calls = self._collected.pop(response_id, [])
        self._running |= {call.call_id: call.name for call in calls}
        return [StartedCall(call.call_id, call.name, _arguments_of(call)) for call in calls]

    def forget_waiting(self) -> None:
        """Calls whose response will never be done do not run; the model asks again where it still wants them."""
        self._collected.clear()

    def finish(self, call_id: str) -> str | None:
        """The call has its result; the tool's name."""
        return self._running.pop(call_id, None)


def _arguments_of(call: ToolCall) -> Event:
    """The arguments as an object; text that is none is kept, for the tool to refuse."""
    try:
        arguments = orjson.loads(call.arguments)
    except orjson.JSONDecodeError:
        return {"_invalid": call.arguments}
    return arguments if isinstance(arguments, dict) else {"_invalid": call.arguments}
