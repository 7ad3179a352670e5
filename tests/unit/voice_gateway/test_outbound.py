"""Frames on their way to a peer: bounded by bytes, in order, and a stuck peer is given up as a whole."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from voice_gateway.held import HeldFrames
from voice_gateway.outbound import Outbound


class Peer:
    """Takes frames while it may; counts what it was told."""

    def __init__(self, **options: Any) -> None:
        self.taken: list[str] = []
        self.stuck = 0
        self.late_ms = 0
        self.now = 0.0
        self.may_take = asyncio.Event()
        self.outbound = Outbound(
            self._take, on_stuck=self._on_stuck, on_late_sound=self._on_late, clock=lambda: self.now, **options
        )

    async def _take(self, text: str) -> None:
        await self.may_take.wait()
        self.taken.append(text)

    def _on_stuck(self) -> None:
        self.stuck += 1

    def _on_late(self, late_ms: int) -> None:
        self.late_ms += late_ms


def run(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(5):
            await scenario()

    asyncio.run(bounded())


def test_frames_arrive_in_order_and_nobody_waits_for_the_peer() -> None:
    """Putting returns at once while there is room; draining waits until all of it is taken."""

    async def scenario() -> None:
        peer = Peer()
        for text in ("a", "b", "c"):
            await peer.outbound.put(text)
        assert peer.taken == [] and peer.outbound.queued_bytes == 3
        peer.may_take.set()
        await peer.outbound.drain()
        assert peer.taken == ["a", "b", "c"] and peer.outbound.queued_bytes == 0

    run(scenario)


def test_the_queue_is_bounded_by_bytes() -> None:
    """What does not fit waits for room, however few frames there are; letters of several bytes count as such."""

    async def scenario() -> None:
        peer = Peer(max_bytes=10)
        await peer.outbound.put("éééé")
        waiting = asyncio.create_task(peer.outbound.put("xyz"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not waiting.done() and peer.outbound.queued_bytes == 8
        peer.may_take.set()
        await waiting
        await peer.outbound.drain()
        assert peer.taken == ["éééé", "xyz"]

    run(scenario)


def test_a_frame_larger_than_all_goes_alone() -> None:
    """A bound is no reason to keep a frame for ever."""

    async def scenario() -> None:
        peer = Peer(max_bytes=3)
        peer.may_take.set()
        await peer.outbound.put("abcdef")
        await peer.outbound.drain()
        assert peer.taken == ["abcdef"]

    run(scenario)


def test_a_peer_that_takes_nothing_is_given_up_once() -> None:
    """After the time allowed for one frame; nothing is sent to it any more, and whoever waited for room goes on."""

    async def scenario() -> None:
        peer = Peer(max_bytes=3, send_seconds=0.01)
        await peer.outbound.put("abc")
        await peer.outbound.put("def")
        await peer.outbound.put("ghi")
        assert (peer.stuck, peer.taken) == (1, [])
        peer.may_take.set()
        await peer.outbound.put("jkl")
        await peer.outbound.drain()
        assert peer.taken == []

    run(scenario)


def test_a_peer_that_went_away_is_not_stuck() -> None:
    """Whoever reads from it says that it is gone; here the queue just ends."""

    async def scenario() -> None:
        async def gone(text: str) -> None:
            raise ConnectionResetError

        stuck: list[None] = []
        outbound = Outbound(gone, on_stuck=lambda: stuck.append(None))
        await outbound.put("a")
        await outbound.drain()
        await outbound.put("b")
        assert (stuck, outbound.queued_bytes) == ([], 0)

    run(scenario)


def test_only_late_sound_is_dropped_the_oldest_first() -> None:
    """More than a second of it has piled up, and it has waited for more than a second: words that were typed stay."""

    async def scenario() -> None:
        peer = Peer()
        await peer.outbound.put("being sent")
        for number in range(10):
            peer.now = number * 0.2
            await peer.outbound.put(f"sound {number}", sound_ms=200)
            if number == 0:
                await peer.outbound.put("typed")
        peer.may_take.set()
        await peer.outbound.drain()
        assert peer.taken == ["being sent", "typed", *(f"sound {number}" for number in range(4, 10))]
        assert peer.late_ms == 800

    run(scenario)


def test_a_recording_sent_at_once_arrives_whole() -> None:
    """Ten seconds of sound in one moment are not late."""

    async def scenario() -> None:
        peer = Peer()
        for number in range(50):
            await peer.outbound.put(f"sound {number}", sound_ms=200)
        peer.may_take.set()
        await peer.outbound.drain()
        assert (len(peer.taken), peer.late_ms) == (50, 0)

    run(scenario)


def test_what_waits_for_the_upstream_is_bounded_by_bytes() -> None:
    """Sound goes, the oldest first; where only words are left, the next is refused."""
    held = HeldFrames(max_bytes=300)
    typed = {"type": "conversation.item.create", "item": {"text": "x" * 100}}
    sound = {"type": "input_audio_buffer.append", "audio": "A" * 64}
    assert [held.hold(event) for event in (sound, typed, sound, typed)] == [True, True, True, False]
    assert held.dropped_ms == 2
    assert held.release() == [typed]
    assert held.release() == []
