"""One Realtime session as a pure machine: `(input, now) -> [effect]`, no socket, no thread, no clock of its own.

The OpenAI GA protocol as the provider speaks it: client events in, server events out, in the documented order.
`responses` runs one response, `conversation` keeps the items, `server` pumps. Two things differ from OpenAI and say
so: every session is marked `jarvis_standin`, and audio is not kept, so a retrieved item has a transcript but no
sound.
"""

import copy
import json
from collections.abc import Callable
from typing import Any

from voice_gateway.standin.agenda import Agenda
from voice_gateway.standin.audio import duration_ms
from voice_gateway.standin.brain import CallTool, decide
from voice_gateway.standin.conversation import Conversation, Item, Tokens, text_tokens
from voice_gateway.standin.effects import (
    Close,
    Drop,
    Effect,
    FaultsChanged,
    Freeze,
    Heard,
    Listen,
    Outbox,
    Spoken,
    Tick,
)
from voice_gateway.standin.faults import Faults
from voice_gateway.standin.items import RefusalError, decoded_audio, new_item, truncate
from voice_gateway.standin.requests import response_input, response_settings, situation
from voice_gateway.standin.responses import Response
from voice_gateway.standin.session_settings import SessionUpdateError, new_session, updated
from voice_gateway.standin.transcription import send_transcription
from voice_gateway.standin.vad import InputAudioBuffer, SpeechStarted, vad_settings

_SHORTEST_COMMIT_MS = 100
_SESSION_TOO_LONG = "Your session hit the maximum duration of 60 minutes."

ClientEvent = dict[str, Any]
Input = ClientEvent | Heard | Spoken | Tick | FaultsChanged


class RealtimeSession:
    """A session from `open` to the end of its connection.

    Args:
        session_id: what makes its ids unique; the session is `sess_<session_id>`.
        opened_at: wall clock, whole seconds since 1970; only `expires_at` uses it.
        next_line: the next line of the session's script, None when it has none (left).
    """

    def __init__(
        self,
        *,
        session_id: str,
        model: str,
        opened_at: int,
        faults: Faults,
        next_line: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._out = Outbox(session_id=session_id)
        self._conversation_id = f"conv_{session_id}"
        expires_at = opened_at + int(faults.session_max_seconds)
        self.settings = new_session(session_id=f"sess_{session_id}", model=model, expires_at=expires_at)
        self._faults = faults
        self._next_line = next_line
        self._conversation = Conversation()
        self._buffer = InputAudioBuffer()
        self._turn_item_id: str | None = None
        self._responses: dict[str, Response] = {}
        self._active: Response | None = None
        self._agenda = Agenda()
        self._timers_generation = 0
        self._idle_at: float | None = None
        self._idle_since_ms = 0
        self._has_spoken = False
        self._has_raced = False
        self._opened_now = 0.0
        self._handlers: dict[str, Callable[[ClientEvent, float], None]] = {
            "session.update": self._on_session_update,
            "input_audio_buffer.append": self._on_append,
            "input_audio_buffer.commit": self._on_commit,
            "input_audio_buffer.clear": self._on_clear,
            "conversation.item.create": self._on_item_create,
            "conversation.item.retrieve": self._on_item_retrieve,
            "conversation.item.truncate": self._on_item_truncate,
            "conversation.item.delete": self._on_item_delete,
            "response.create": self._on_response_create,
            "response.cancel": self._on_response_cancel,
        }

    def open(self, now: float) -> list[Effect]:
        """The session exists: `session.created` comes first, before anything the client sent."""
        self._opened_now = now
        self._out.send("session.created", session=copy.deepcopy(self.settings))
        self._set_timers(now)
        return self._out.take()

    def handle(self, happening: Input, now: float) -> list[Effect]:
        """What the session does about `happening`, and about everything else that is due by `now`."""
        match happening:
            case Heard():
                self._on_heard(happening, now)
            case Spoken():
                response = self._responses.get(happening.response_id)
                if response is not None:
                    response.speak(happening.pcm, now=now)
            case FaultsChanged():
                self._faults = happening.faults
                self._set_timers(now)
            case Tick():
                pass
            case _:
                self._on_client_event(happening, now)
        self._advance(now)
        return self._out.take()

    def next_due(self) -> float | None:
        """When `handle(Tick(), …)` next has something to do; None while only inputs can move the session."""
        dues = [response.due_at for response in self._responses.values()]
        dues += [self._agenda.next_due(), self._idle_at]
        return min((due for due in dues if due is not None), default=None)

    # Time

    def _advance(self, now: float) -> None:
        self._agenda.run(now)
        for response in list(self._responses.values()):
            response.advance(now)
            self._settle(response, now)
        if self._idle_at is not None and self._idle_at <= now:
            self._prompt_idle_member(now)

    def _set_timers(self, now: float) -> None:
        self._timers_generation += 1
        generation = self._timers_generation

        def schedule(due: float, effect: Effect) -> None:
            # A later change of the faults makes this timer void.
            self._agenda.at(due, lambda: self._out.add(effect) if generation == self._timers_generation else None)

        schedule(self._opened_now + self._faults.session_max_seconds, Close(code=1001, reason=_SESSION_TOO_LONG))
        if self._faults.eof_after_ms is not None:
            schedule(now + self._faults.eof_after_ms / 1000, Drop())
        if self._faults.freeze_after_ms is not None:
            schedule(now + self._faults.freeze_after_ms / 1000, Freeze())

    # Client events

    def _on_client_event(self, event: ClientEvent, now: float) -> None:
        event_id = event.get("event_id")
        try:
            handler = self._handlers.get(str(event.get("type")))
            if handler is None:
                supported = ", ".join(f"'{name}'" for name in self._handlers)
                found = f"Invalid value: {event.get('type')!r}. Supported values are: {supported}."
                raise RefusalError("invalid_value", found, param="type")
            handler(event, now)
        except RefusalError as refusal:
            self.refuse(code=refusal.code, message=str(refusal), param=refusal.param, client_event_id=event_id)
        except SessionUpdateError as error:
            self.refuse(code=error.code, message=str(error), param=error.param, client_event_id=event_id)

    def refuse(
        self,
        *,
        code: str,
        message: str,
        param: str | None,
        client_event_id: object,
        kind: str = "invalid_request_error",
    ) -> None:
        """An `error` event goes out with the next effects; `client_event_id` is all that ties it to its cause."""
        known_id = client_event_id if isinstance(client_event_id, str) else None
        error = {"type": kind, "code": code, "message": message, "param": param, "event_id": known_id}
        self._out.send("error", error=error)

    def refuse_unreadable(self) -> list[Effect]:
        """The client sent something that is not a JSON object."""
        message = 'Found a message that is not a JSON object, expected a client event: {"type": …}.'
        self.refuse(code="invalid_json", message=message, param=None, client_event_id=None)
        return self._out.take()

    def _on_session_update(self, event: ClientEvent, now: float) -> None:
        before = self.settings
        self.settings = updated(before, event.get("session"), has_spoken=self._has_spoken)
        if any(before[name] != self.settings[name] for name in ("instructions", "tools")):
            self._conversation.forget_cache()
        self._out.send("session.updated", session=copy.deepcopy(self.settings))

    def _on_append(self, event: ClientEvent, now: float) -> None:
        for change in self._buffer.append(
            decoded_audio(event.get("audio"), "audio"), vad_settings(self.settings["audio"]["input"]["turn_detection"])
        ):
            if isinstance(change, SpeechStarted):
                self._start_speech(change.audio_start_ms, now)
            else:
                item_id = self._turn_item_id or self._out.new_id("item")
                self._out.send("input_audio_buffer.speech_stopped", audio_end_ms=change.audio_end_ms, item_id=item_id)
                self._commit(change.pcm, item_id)
                if self._turn_detection()["create_response"]:
                    self._create_after_turn(now)

    def _on_commit(self, event: ClientEvent, now: float) -> None:
        held_ms = duration_ms(self._buffer.pending)
        if held_ms < _SHORTEST_COMMIT_MS:
            raise RefusalError(
                "input_audio_buffer_commit_empty",
                "Error committing input audio buffer: buffer too small. "
                f"Expected at least {_SHORTEST_COMMIT_MS}ms of audio, "
                f"but buffer only has {held_ms}.00ms of audio.",
            )
        self._commit(self._buffer.take(), self._turn_item_id or self._out.new_id("item"))

    def _on_clear(self, event: ClientEvent, now: float) -> None:
        self._buffer.take()
        self._turn_item_id = None
        self._out.send("input_audio_buffer.cleared")

    def _on_item_create(self, event: ClientEvent, now: float) -> None:
        item, pcm = new_item(event.get("item"), new_id=self._out.new_id, known=self._conversation.items)
        if self._conversation.find(item.id) is not None:
            message = f"Error adding item: an item with id '{item.id}' already exists."
            raise RefusalError("item_create_invalid_item_id", message, param="item.id")
        after = event.get("previous_item_id")
        if after is not None and after != "root" and self._conversation.find(after) is None:
            message = f"Error adding item: the previous item with id '{after}' does not exist."
            raise RefusalError("item_create_invalid_previous_item_id", message, param="previous_item_id")
        self._idle_at = None
        self._conversation.add(item, after=after)
        self._announce(item)
        if pcm is not None:
            self._out.add(Listen(item.id, pcm))

    def _on_item_retrieve(self, event: ClientEvent, now: float) -> None:
        item = self._known_item(event, code="item_retrieve_invalid_item_id", doing="retrieving")
        self._out.send("conversation.item.retrieved", item=copy.deepcopy(item.wire))

    def _on_item_truncate(self, event: ClientEvent, now: float) -> None:
        item = self._known_item(event, code="item_truncate_invalid_item_id", doing="truncating")
        end_ms = truncate(item, event)
        self._conversation.forget_cache()
        self._out.send("conversation.item.truncated", item_id=item.id, content_index=0, audio_end_ms=end_ms)

    def _on_item_delete(self, event: ClientEvent, now: float) -> None:
        item = self._known_item(event, code="item_delete_invalid_item_id", doing="deleting")
        self._conversation.remove(item)
        self._out.send("conversation.item.deleted", item_id=item.id)

    def _on_response_create(self, event: ClientEvent, now: float) -> None:
        request = event.get("response") or {}
        if not isinstance(request, dict):
            raise RefusalError("invalid_type", "Expected 'response' as an object.", param="response")
        is_in_conversation = request.get("conversation") != "none"
        if self._faults.active_response_race and not self._has_raced:
            # What voice activity detection does in the same moment, seen from the client.
            self._has_raced = True
            self._begin_response({}, now, is_in_conversation=True, client_event_id=None)
        if is_in_conversation and self._active is not None:
            raise RefusalError("conversation_already_has_active_response", _active_message(self._active))
        self._begin_response(request, now, is_in_conversation=is_in_conversation, client_event_id=event.get("event_id"))

    def _on_response_cancel(self, event: ClientEvent, now: float) -> None:
        wanted = event.get("response_id")
        response = self._active if wanted is None else self._responses.get(str(wanted))
        if response is None:
            raise RefusalError("response_cancel_not_active", "Cancellation failed: no active response found")
        response.cancel("client_cancelled")
        self._settle(response, now)

    # The member's speech

    def _turn_detection(self) -> dict[str, Any]:
        detection: dict[str, Any] = self.settings["audio"]["input"]["turn_detection"] or {}
        return detection

    def _start_speech(self, audio_start_ms: int, now: float) -> None:
        self._idle_at = None
        self._turn_item_id = self._out.new_id("item")
        self._out.send("input_audio_buffer.speech_started", audio_start_ms=audio_start_ms, item_id=self._turn_item_id)
        if self._active is not None and self._turn_detection()["interrupt_response"]:
            interrupted = self._active
            interrupted.cancel("turn_detected")
            self._settle(interrupted, now)

    def _commit(self, pcm: bytes, item_id: str) -> None:
        self._turn_item_id = None
        wire = {
            "id": item_id,
            "type": "message",
            "status": "completed",
            "role": "user",
            "content": [{"type": "input_audio", "transcript": None}],
        }
        item = Item(wire=wire, audio_ms=duration_ms(pcm), is_heard=False)
        self._conversation.add(item)
        previous = self._conversation.previous_id(item)
        self._out.send("input_audio_buffer.committed", item_id=item_id, previous_item_id=previous)
        self._announce(item)
        self._out.add(Listen(item_id, pcm))

    def _announce(self, item: Item) -> None:
        previous = self._conversation.previous_id(item)
        for event_type in ("conversation.item.added", "conversation.item.done"):
            self._out.send(event_type, previous_item_id=previous, item=copy.deepcopy(item.wire))

    def _on_heard(self, heard: Heard, now: float) -> None:
        item = self._conversation.find(heard.item_id)
        if item is not None:
            item.is_heard = True
            item.words = heard.transcript
            transcription = self.settings["audio"]["input"]["transcription"]
            if transcription is not None:
                model = str(transcription.get("model"))
                transcript = None if self._faults.transcription_fails else heard.transcript
                due = now + self._faults.transcription_delay_ms / 1000
                self._agenda.at(due, lambda: send_transcription(self._out, item, transcript=transcript, model=model))
        for response in list(self._responses.values()):
            response.awaited_item_ids.discard(heard.item_id)
            if not response.awaited_item_ids and not response.is_decided:
                self._decide(response, now)

    def _prompt_idle_member(self, now: float) -> None:
        self._idle_at = None
        if self._active is not None:
            return
        end_ms = int(self._buffer.received_ms)
        item_id = self._out.new_id("item")
        place = {"audio_start_ms": min(self._idle_since_ms, end_ms), "audio_end_ms": end_ms}
        self._out.send("input_audio_buffer.timeout_triggered", item_id=item_id, **place)
        self._begin_response({}, now, is_in_conversation=True, client_event_id=None, is_idle_prompt=True)

    # Responses

    def _create_after_turn(self, now: float) -> None:
        if self._active is not None:
            message = _active_message(self._active)
            self.refuse(
                code="conversation_already_has_active_response", message=message, param=None, client_event_id=None
            )
            return
        self._begin_response({}, now, is_in_conversation=True, client_event_id=None)

    def _begin_response(
        self,
        request: dict[str, Any],
        now: float,
        *,
        is_in_conversation: bool,
        client_event_id: object,
        is_idle_prompt: bool = False,
    ) -> None:
        if self._faults.quota_exhausted:
            message = "You exceeded your current quota, please check your plan and billing details."
            self.refuse(
                code="insufficient_quota",
                message=message,
                param=None,
                client_event_id=client_event_id,
                kind="insufficient_quota",
            )
            return
        self._idle_at = None
        settings = response_settings(
            request,
            self.settings,
            conversation_id=self._conversation_id if is_in_conversation else None,
            is_idle_prompt=is_idle_prompt,
        )
        items = response_input(request, self._conversation.items, new_id=self._out.new_id)
        response = Response(
            out=self._out,
            conversation=self._conversation,
            settings=settings,
            faults=self._faults,
            started_at=now,
            situation=lambda: situation(request, self.settings, items, is_idle_prompt=is_idle_prompt),
        )
        response.awaited_item_ids = {item.id for item in items if not item.is_heard}
        self._responses[response.id] = response
        if is_in_conversation:
            self._active = response
        response.begin()
        if not response.is_done and not response.awaited_item_ids:
            self._decide(response, now)
        self._settle(response, now)

    def _decide(self, response: Response, now: float) -> None:
        prompt = Tokens(
            text=text_tokens(self.settings["instructions"] or "") + text_tokens(json.dumps(self.settings["tools"]))
        )
        whole, cached = self._conversation.bill_input(prompt, self.settings["truncation"])
        response.bill(whole=whole, cached=cached)
        may_follow_script = response.is_in_conversation and not response.settings.is_idle_prompt
        line = self._next_line() if may_follow_script else None
        if line is not None:
            response.say(line, now=now, is_verbatim=True)
            return
        decision = decide(response.situation())
        if isinstance(decision, CallTool):
            response.call_tool(decision.name, decision.arguments)
        else:
            response.say(decision.text, now=now, is_verbatim=False)

    def _settle(self, response: Response, now: float) -> None:
        if not response.is_done or response.id not in self._responses:
            return
        del self._responses[response.id]
        self._has_spoken = self._has_spoken or response.audio_ms > 0
        if response is not self._active:
            return
        self._active = None
        timeout_ms = self._turn_detection().get("idle_timeout_ms")
        if timeout_ms and response.audio_ms:
            # The provider counts from the end of the playback, which it can only estimate.
            played_until = max(now, (response.first_sent_at or now) + response.audio_ms / 1000)
            self._idle_since_ms = int(self._buffer.received_ms)
            self._idle_at = played_until + timeout_ms / 1000

    # Items

    def _known_item(self, event: ClientEvent, *, code: str, doing: str) -> Item:
        item = self._conversation.find(event.get("item_id"))
        if item is None:
            message = f"Error {doing} item: the item with id '{event.get('item_id')}' does not exist."
            raise RefusalError(code, message, param="item_id")
        return item


def _active_message(active: Response) -> str:
    return f"Conversation already has an active response in progress: {active.id}. Wait until the response is finished."
