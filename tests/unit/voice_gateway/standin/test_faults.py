"""Each fault switch does its one thing, and nonsense is refused with the list of what there is."""

import pytest

from tests.unit.voice_gateway.standin.wire import Talk, types
from voice_gateway.standin.effects import Close, Drop, FaultsChanged, Freeze
from voice_gateway.standin.faults import Faults, FaultsError


def answered(talk: Talk, seconds: float = 30) -> Talk:
    talk.send("response.create")
    talk.wait(seconds)
    return talk


def test_switches_come_as_json_or_as_query_strings() -> None:
    """Both spellings give the same record."""
    as_json = Faults().changed({"ttfb_ms": 250, "rate_limited": True, "delta_pacing": 0.5, "eof_after_ms": None})
    as_query = Faults().changed({"ttfb_ms": "250", "rate_limited": "true", "delta_pacing": "0.5", "eof_after_ms": ""})
    assert as_json == as_query == Faults(ttfb_ms=250, rate_limited=True, delta_pacing=0.5)


def test_every_switch_can_be_set() -> None:
    """No field of the record lacks its conversion."""
    for name in Faults.names():
        assert getattr(Faults().changed({name: 1}), name) in (1, True)


@pytest.mark.parametrize(
    "switches", [{"ttfb": 1}, {"ttfb_ms": -1}, {"ttfb_ms": "soon"}, {"rate_limited": "perhaps"}, {"delta_pacing": True}]
)
def test_nonsense_is_refused(switches: dict[str, object]) -> None:
    """The error names the switch and lists the ones there are."""
    with pytest.raises(FaultsError, match=r"(?s)ttfb.*|rate_limited.*|delta_pacing.*") as refused:
        Faults().changed(switches)
    assert next(iter(switches)) in str(refused.value)
    assert "duplicate_response_created" in str(refused.value)


def test_ttfb_delays_the_first_output_only() -> None:
    """Created at once; the first item after the delay, counted from the request."""
    talk = Talk(faults=Faults(ttfb_ms=800))
    talk.send("response.create")
    assert types(talk.wait(0.79)) == []
    assert types(talk.wait(0.02))[0] == "response.output_item.added"


def test_pacing_sets_how_long_an_answer_takes() -> None:
    """At 1.0 the answer takes its own length; at 0 no time at all."""
    slow = Talk(faults=Faults(delta_pacing=1.0))
    slow.send("response.create")
    seconds = 0.0
    while not slow.of_type("response.done"):
        slow.wait(0.1)
        seconds += 0.1
    audio_seconds = sum(len(event["delta"]) * 3 / 4 for event in slow.of_type("response.output_audio.delta")) / 48_000
    assert seconds == pytest.approx(audio_seconds, abs=0.4)
    assert answered(Talk(faults=Faults(delta_pacing=0)), seconds=0).of_type("response.done")


def test_the_session_ends_at_its_limit() -> None:
    """Close 1001 with the provider's words, at the limit and not before."""
    talk = Talk(faults=Faults(session_max_seconds=60))
    assert talk.events[0]["session"]["expires_at"] == 1_700_000_060
    talk.wait(59.9)
    assert talk.endings == []
    talk.wait(0.2)
    assert talk.endings == [Close(code=1001, reason="Your session hit the maximum duration of 60 minutes.")]


@pytest.mark.parametrize(
    ("faults", "ending"), [(Faults(eof_after_ms=500), Drop()), (Faults(freeze_after_ms=500), Freeze())]
)
def test_the_connection_breaks_when_told(faults: Faults, ending: object) -> None:
    """EOF without CLOSE, or a frozen peer, after the time asked for; also when asked in mid-session."""
    from_start, later = Talk(faults=faults), Talk()
    later.wait(10)
    later.give(FaultsChanged(faults))
    for talk in (from_start, later):
        talk.wait(0.4)
        assert talk.endings == []
        talk.wait(0.2)
        assert talk.endings == [ending]


def test_a_fault_taken_back_does_not_happen() -> None:
    """Switches changed before their moment are void."""
    talk = Talk(faults=Faults(eof_after_ms=500))
    talk.give(FaultsChanged(Faults()))
    talk.wait(10)
    assert talk.endings == []


def test_rate_limited_responses_fail() -> None:
    """done/failed with rate_limit_exceeded and zero usage, and no `error` event: it looks like silence."""
    talk = answered(Talk(faults=Faults(rate_limited=True)))
    done = talk.last("response.done")["response"]
    assert (done["status"], done["status_details"]["error"]["code"]) == ("failed", "rate_limit_exceeded")
    assert done["usage"]["total_tokens"] == 0
    assert talk.last("rate_limits.updated")["rate_limits"][0]["remaining"] == 0
    assert not talk.of_type("error")
    talk.give(FaultsChanged(Faults()))
    assert answered(talk).last("response.done")["response"]["status"] == "completed"


def test_an_exhausted_quota_is_an_error() -> None:
    """insufficient_quota, and no response at all."""
    talk = answered(Talk(faults=Faults(quota_exhausted=True)))
    assert talk.last("error")["error"]["code"] == "insufficient_quota"
    assert not talk.of_type("response.created")


def test_transcription_fails_but_the_answer_comes() -> None:
    """The model heard, the recogniser did not."""
    talk = Talk(faults=Faults(transcription_fails=True))
    talk.send(
        "session.update", session={"type": "realtime", "audio": {"input": {"transcription": {"model": "whisper-1"}}}}
    )
    talk.speak()
    talk.wait(30)
    assert talk.of_type("conversation.item.input_audio_transcription.failed")
    assert "nettoyage" in talk.last("response.output_audio_transcript.done")["transcript"]


def test_response_created_can_be_missing_or_doubled() -> None:
    """The rest of the response is whole either way."""
    missing = answered(Talk(faults=Faults(omit_response_created=True)))
    doubled = answered(Talk(faults=Faults(duplicate_response_created=True)))
    assert (len(missing.of_type("response.created")), len(doubled.of_type("response.created"))) == (0, 2)
    assert len(missing.of_type("response.done")) == len(doubled.of_type("response.done")) == 1


def test_a_server_error_is_a_failed_response() -> None:
    """No `error` event: it hides in response.done, as with the provider."""
    talk = answered(Talk(faults=Faults(server_error=True)))
    assert talk.last("response.done")["response"]["status_details"]["error"]["code"] == "server_error"
    assert not talk.of_type("error")


def test_a_race_for_the_active_response_is_lost_by_the_client_once() -> None:
    """The server began one in the same moment: the client's is refused, the server's answers; the next is taken."""
    talk = answered(Talk(faults=Faults(active_response_race=True)))
    assert talk.last("error")["error"]["code"] == "conversation_already_has_active_response"
    assert len(talk.of_type("response.done")) == 1
    assert len(answered(talk).of_type("response.done")) == 2


def test_a_tool_call_can_be_told_twice() -> None:
    """The same call_id, the same arguments."""
    talk = Talk(faults=Faults(duplicate_tool_calls=True))
    tool = {"type": "function", "name": "get_opening_hours", "parameters": {"type": "object", "properties": {}}}
    talk.send("session.update", session={"type": "realtime", "tools": [tool]})
    talk.send(
        "conversation.item.create",
        item={
            "type": "message", "role": "user",
            "content": [{"type": "input_text", "text": "Quels sont les horaires d'ouverture ?"}],
        },
    )  # fmt: skip
    calls = [event["item"] for event in answered(talk).of_type("response.output_item.done")]
    assert len(calls) == 2 and calls[0] == calls[1]
