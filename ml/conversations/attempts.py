"""One call to a hosted provider, tried again where another try can help, and what its failures mean.

Lives here: retries that honour Retry-After within a batch's time, and the line between a failure of the
provider (`EngineError`) and one of the conversation (`CallError`). Not here: what is asked (`openai`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from ml.conversations.engine import EngineError

if TYPE_CHECKING:
    from openai import APIStatusError

MAX_ATTEMPTS = 4
MAX_WAIT_SECONDS = 30.0
REQUEST_TIMEOUT_SECONDS = 60.0
# All calls of one `analyse`, with their waits: its rows stay locked meanwhile, and a run may take 300 s.
BATCH_SECONDS = 180.0

Answer = TypeVar("Answer")


class CallError(RuntimeError):
    """One conversation's call was given up; the message may be stored: it holds no word of a conversation."""

    def __init__(self, reason: str, *, is_permanent: bool = False) -> None:
        super().__init__(reason)
        self.is_permanent = is_permanent


@dataclass(slots=True)
class Batch:
    """What the calls of one `analyse` know of each other: until when they may go on, and how the provider fares."""

    until: float
    stopped: EngineError | None = None
    """The first failure that every other conversation would meet too."""
    answered_at: float = -math.inf
    """When the provider last answered any of them."""


def attempt(
    call: Callable[[float], Answer],
    *,
    batch: Batch,
    wait: Callable[[float], None],
    clock: Callable[[], float],
    timeout_seconds: float,
) -> Answer:
    """The answer of a call that is given its time-out, tried again where another try can help.

    Raises:
        CallError: when this request would be refused again, or failed while the provider answered others.
        EngineError: when the provider answers nobody, or the batch has no time left.
    """
    from openai import APIConnectionError, APIStatusError, APITimeoutError

    started = clock()
    reason = "no call was answered"
    for number in range(1, MAX_ATTEMPTS + 1):
        if batch.stopped is not None:
            raise batch.stopped
        left = batch.until - clock()
        if left <= 0:
            raise EngineError(f"engine 'openai': {reason} within the {BATCH_SECONDS:.0f} seconds of a batch")
        timeout = min(left, timeout_seconds)
        pause = min(MAX_WAIT_SECONDS, 0.5 * 2.0**number)
        is_everyones = False
        try:
            answer = call(timeout)
        except APITimeoutError:
            reason = f"no answer within {timeout:.3g} seconds"
        except APIConnectionError:
            reason = "the provider could not be reached"
        except APIStatusError as error:
            reason = _refused(error)
            is_everyones = error.status_code == 429
            pause = _retry_after(error, pause)
        else:
            batch.answered_at = clock()
            return answer
        if number < MAX_ATTEMPTS:
            wait(min(pause, max(0.0, batch.until - clock())))
    given_up = f"{reason}; given up after {MAX_ATTEMPTS} attempts"
    if not is_everyones and batch.answered_at > started:
        # The provider answered others meanwhile: it is this conversation that it cannot answer.
        raise CallError(given_up)
    raise EngineError(f"engine 'openai': {given_up}")


def _refused(error: "APIStatusError") -> str:
    """Why the provider said no, where waiting may help.

    Raises:
        EngineError: when the key or the model is refused, or the credit is used up.
        CallError: when this request would be refused again.
    """
    status, code = error.status_code, error.code
    if status in (401, 403, 404):
        raise EngineError(f"engine 'openai': the provider answered {status}; check the key, its rights and the model")
    if code == "insufficient_quota":
        raise EngineError("engine 'openai': the provider's quota is used up; add credit, or choose the engine 'local'")
    if status in (408, 409, 429) or status >= 500:
        return f"the provider answered {status}"
    raise CallError(f"the provider answered {status}", is_permanent=True)


def _retry_after(error: "APIStatusError", otherwise: float) -> float:
    """The seconds the provider asks to wait, within our own bound."""
    milliseconds, seconds = error.response.headers.get("retry-after-ms"), error.response.headers.get("retry-after")
    try:
        asked = float(milliseconds) / 1000 if milliseconds else float(seconds) if seconds else otherwise
    except ValueError:
        asked = otherwise
    return min(max(asked, 0.0), MAX_WAIT_SECONDS)
