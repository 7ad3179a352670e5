"""What is said while a tool takes its time: one short sentence, and never over an answer. Pure.

The sentence is a response of its own outside the conversation, so that the model neither remembers it nor takes it
for its answer; clients hear it as speech like any other. `conversation/tool_results.py` decides by it
when to ask and when to wait.
"""

from collections.abc import Mapping

from voice_gateway.effects import Event

# Marks the response at the upstream, which gives it back.
MARK = "jarvis_filler"
_MAX_TOKENS = 100

_SENTENCES = {
    "fr": "Un instant, je regarde…",
    "en": "One moment, I am looking…",
    "es": "Un momento, lo miro…",
}


class Filler:
    """Whether the sentence is due, under way, or over; and whether the answer has to wait for its end."""

    def __init__(self) -> None:
        self.due_at: float | None = None
        """Monotonic seconds; None while no tool runs, or once it was said."""
        self.response_id: str | None = None
        """The response that says it, once the upstream has named it."""
        self.does_answer_wait = False
        self._is_asked = False

    @property
    def is_under_way(self) -> bool:
        """True from asking for it until the upstream is done with it."""
        return self._is_asked

    def ask(self, *, event_id: str, language: str) -> Event:
        """The `response.create` that says it; it is not due again."""
        self.due_at, self._is_asked = None, True
        sentence = _SENTENCES.get(language, _SENTENCES["fr"])
        return {
            "type": "response.create",
            "event_id": event_id,
            "response": {
                "conversation": "none",
                "input": [],
                "metadata": {MARK: "true"},
                "instructions": f"Dis exactement, sans rien ajouter : « {sentence} »",
                "tools": [],
                "tool_choice": "none",
                "max_output_tokens": _MAX_TOKENS,
            },
        }

    def created(self, response: Mapping[str, object]) -> None:
        """A response has begun; if it is the filler's, its name is known from now on."""
        metadata = response.get("metadata")
        if self._is_asked and isinstance(metadata, Mapping) and metadata.get(MARK):
            self.response_id = str(response.get("id"))

    def over(self) -> bool:
        """The sentence is said, or will not be; True when an answer waited for that."""
        waited, self.does_answer_wait = self.does_answer_wait, False
        self.due_at = self.response_id = None
        self._is_asked = False
        return waited
