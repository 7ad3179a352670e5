"""What a response reports as its usage grows, caches and caps as a provider's does."""

from itertools import pairwise

from tests.unit.voice_gateway.standin.wire import Event, Talk, loud
from voice_gateway.standin.audio import silence
from voice_gateway.standin.faults import Faults


def usages(talk: Talk, turns: int) -> list[Event]:
    for _ in range(turns):
        talk.append(silence(400) + loud(5000) + silence(700))
        talk.wait(30)
    return [event["response"]["usage"] for event in talk.of_type("response.done")]


def test_the_context_is_billed_again_at_each_response() -> None:
    """Each response's input holds all before it: it grows by the turn and the answer."""
    bills = usages(Talk(), 4)
    assert all(
        later["input_tokens"] > sooner["input_tokens"] + sooner["output_tokens"] for sooner, later in pairwise(bills)
    )
    assert bills[0]["input_token_details"]["audio_tokens"] in range(50, 70)  # 600 a minute: 5 s of speech and its edges


def test_cached_tokens_are_part_of_the_input() -> None:
    """Nothing is cached at first; later, what was read before, per modality, never more than the input."""
    bills = [usage["input_token_details"] for usage in usages(Talk(), 4)]
    assert bills[0]["cached_tokens"] == 0
    assert bills[3]["cached_tokens"] > 0
    for bill in bills:
        cached = bill["cached_tokens_details"]
        assert cached["text_tokens"] + cached["audio_tokens"] == bill["cached_tokens"]
        assert cached["text_tokens"] <= bill["text_tokens"]
        assert cached["audio_tokens"] <= bill["audio_tokens"]


def test_totals_add_up() -> None:
    """Total is input plus output, each the sum of its modalities."""
    for usage in usages(Talk(), 2):
        details, output = usage["input_token_details"], usage["output_token_details"]
        assert usage["input_tokens"] == details["text_tokens"] + details["audio_tokens"] + details["image_tokens"]
        assert usage["output_tokens"] == output["text_tokens"] + output["audio_tokens"]
        assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
        assert output["audio_tokens"] > 0


def test_new_instructions_empty_the_cache() -> None:
    """The prompt's beginning changed: the next response reads everything anew."""
    talk = Talk()
    usages(talk, 3)
    talk.send("session.update", session={"type": "realtime", "instructions": "Sois bref. " * 40})
    assert usages(talk, 1)[-1]["input_token_details"]["cached_tokens"] == 0


def test_truncation_caps_the_context() -> None:
    """With a token limit, old items leave the context, not the conversation."""
    capped = {"type": "retention_ratio", "retention_ratio": 0.5, "token_limits": {"post_instructions": 200}}
    talk = Talk()
    talk.send("session.update", session={"type": "realtime", "truncation": capped})
    bills = usages(talk, 8)
    assert bills[-1]["input_tokens"] < 300
    first_id = talk.of_type("input_audio_buffer.committed")[0]["item_id"]
    talk.send("conversation.item.retrieve", item_id=first_id)
    assert talk.of_type("conversation.item.retrieved")


def test_a_cancelled_response_reports_what_it_sent() -> None:
    """The interrupted answer's usage counts its own audio, less than the whole answer's."""
    talk = Talk(faults=Faults(delta_pacing=1.0))
    talk.send("response.create")
    talk.wait(1.05)
    talk.send("response.cancel")
    usage = talk.last("response.done")["response"]["usage"]
    assert usage["output_token_details"]["audio_tokens"] == 24  # six pieces of 200 ms at 20 tokens a second
    assert usage["input_tokens"] > 0
