"""The stand-in's own work in a turn stays under a floor: a load test is to measure the gateway, not its provider."""

import base64
import time
from collections import deque

import orjson

from tests.unit.voice_gateway.standin.wire import loud
from voice_gateway.standin.audio import silence
from voice_gateway.standin.effects import Heard, Listen, Send, Speak, Spoken, Tick
from voice_gateway.standin.faults import Faults
from voice_gateway.standin.protocol import Input, RealtimeSession

_FLOOR_SECONDS = 0.050  # of processor time, ears and voice apart; 3 ms were measured


def one_turn() -> tuple[float, int]:
    """Processor seconds of three seconds of speech and a six-second answer, events in and out as JSON; events sent."""
    session = RealtimeSession(session_id="s", model="m", opened_at=0, faults=Faults(delta_pacing=0.1))
    session.open(0.0)
    speech = silence(300) + loud(3000) + silence(700)
    appends = [
        orjson.dumps({"type": "input_audio_buffer.append", "audio": base64.b64encode(speech[at : at + 4800]).decode()})
        for at in range(0, len(speech), 4800)
    ]
    answer = loud(6000)
    sent = 0
    started = time.process_time()
    to_come: deque[Input] = deque(orjson.loads(message) for message in appends)
    now = 0.0
    while to_come or now < 60:
        if not to_come:
            now = session.next_due() or 60
        for effect in session.handle(to_come.popleft() if to_come else Tick(), now):
            match effect:
                case Send(event):
                    orjson.dumps(event)
                    sent += 1
                case Listen(item_id, _):
                    to_come.append(Heard(item_id, "Les douches sont sales"))
                case Speak(response_id, _):
                    to_come.append(Spoken(response_id, answer))
    return time.process_time() - started, sent


def test_a_turn_costs_less_than_its_floor() -> None:
    """The best of five whole turns takes less than 50 ms of processor time."""
    turns = [one_turn() for _ in range(5)]
    assert all(sent > 50 for _, sent in turns)
    assert min(seconds for seconds, _ in turns) < _FLOOR_SECONDS
