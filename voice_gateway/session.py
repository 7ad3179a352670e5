"""One voice session, pure: `(event, now) → [effect]`.

Decides what a kiosk hears, what the upstream is told, what goes on record and when the session ends.
`relay.py` runs the effects in order; a durable `Persist` is committed before the next effect runs, which
is what "committed before it is forwarded or acted on" means. No socket, no clock, no database here.
"""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from jarvis.kiosks import Badge, BadgeOutcome
from jarvis.prices import PRICE_VERSION
from jarvis.sessions import CloseReason
from voice_gateway.absence import Absence
from voice_gateway.apologies import Trouble, apology
from voice_gateway.calls import ToolCalls
from voice_gateway.consent import ConsentGate, stopped
from voice_gateway.continuity import AskedAgain, Line, Memory, RecentSound, failed_response, merged
from voice_gateway.effects import (
    CloseRequested,
    ConsentKept,
    Dial,
    Effect,
    Event,
    Finished,
    HangUp,
    KioskAway,
    KioskBack,
    KioskLost,
    KioskRefused,
    KioskSent,
    Moment,
    Opened,
    Report,
    RunTool,
    SessionEvent,
    SessionPlan,
    Tick,
    ToKiosk,
    ToolFinished,
    ToUpstream,
    UpstreamLost,
    UpstreamOpened,
    UpstreamSent,
    committed,
    noted,
)
from voice_gateway.filler import Filler
from voice_gateway.greeting import Greeting
from voice_gateway.held import HeldFrames
from voice_gateway.hidden import HiddenItems
from voice_gateway.ledger import Ledger
from voice_gateway.protocol import kiosk as kiosk_protocol
from voice_gateway.protocol import realtime
from voice_gateway.turns import Transcript
from warehouse.stores import sessions as store
from warehouse.stores.sessions import Record, TurnRow

# Our own events upstream carry these ids; errors about them are ours to answer, not the kiosk's.
_OWN_EVENT_PREFIX = "gw_"
# Nobody has said anything for so long: the upstream may be replaced.
_QUIET_SECONDS = 1.0

# After a second badge, the first member's session is gone within a second.
_WIPE_SECONDS = 0.8


class VoiceSession:
    """The state of one session; `receive` is its only door."""

    def __init__(self, plan: SessionPlan, now: Moment) -> None:
        self.plan = plan
        self.close_reason: CloseReason | None = None
        self.is_finished = False
        self._transcript = Transcript()
        self._ledger = Ledger(plan.scope)
        self._calls = ToolCalls()
        self._filler = Filler()
        self._memory = Memory()
        self._line = Line(plan.limits)
        self._is_personal = False
        self._gate = ConsentGate(plan.scope, shows_notice=plan.is_kiosk)
        self._asked_again = AskedAgain(plan.limits)
        self._absence = Absence(plan.limits)
        self._greeting = Greeting()
        self._opened_at = now.seconds
        self._active_at = now.seconds
        self._drain_until: float | None = None
        self._owed_since: float | None = None
        self._is_upstream_open = False
        self._is_ready = False
        self._was_ready = False
        self._held = HeldFrames(plan.limits.held_bytes)
        self._updates: list[str] = []
        # What the client chose for itself, and a new upstream must be told again.
        self._client_settings: Event = {}
        # Items that the serving upstream has only as text, because another one before it heard or said them.
        self._carried: set[str] = set()
        self._is_asked = False
        self._is_speaking = False
        self._are_words_lost = False
        self._is_update_owed = False
        self._sound = RecentSound()
        self._responses: set[str] = set()
        self._untranscribed: set[str] = set()
        self._hidden = HiddenItems()
        self._deleted: set[str] = set()
        self._own_events = 0
        self._is_muted = False
        self._is_told_text_only = False
        self._is_interrupting = True

    @property
    def session_id(self) -> UUID:
        """The session's id, on record and at the upstream."""
        return self.plan.scope.session_id

    @property
    def cost_usd(self) -> Decimal:
        """What it has cost so far."""
        return self._ledger.cost_usd

    def is_heard(self, now: Moment) -> bool:
        """True while the member hears an answer, or is about to."""
        return bool(self._responses) or self._transcript.remaining_playback_ms(now) > 0

    def deadline(self) -> float:
        """Monotonic seconds at which a `Tick` is due at the latest."""
        if self._drain_until is not None:
            return self._drain_until
        limits = self.plan.limits
        due = [self._opened_at + limits.max_seconds, self._active_at + self._idle_seconds()]
        if self._owed_since is not None:
            due.append(self._owed_since + limits.silence_seconds)
        if self._asked_again.due_at is not None:
            due.append(self._asked_again.due_at)
        if self._absence.due_at is not None:
            due.append(self._absence.due_at)
        if self._filler.due_at is not None and self._may_fill():
            due.append(self._filler.due_at)
        if self._line.renewal_due_at is not None and self._is_ready:
            due.append(self._line.renewal_due_at)
        if self._line.is_standby_ready and self._is_between_turns():
            due.append(self._active_at + _QUIET_SECONDS)
        return min(due)

    def receive(self, event: SessionEvent, now: Moment) -> list[Effect]:
        """What is to be done now, in this order."""
        if self.is_finished:
            return []
        return [*self._decide(event, now), *self._renew(now)]

    def _decide(self, event: SessionEvent, now: Moment) -> list[Effect]:
        match event:
            case Opened(badge=badge):
                return self._open(badge, now)
            case KioskSent(event=sent):
                return self._from_kiosk(sent, now)
            case KioskRefused(error=error):
                return self._answer_error(error, now)
            case UpstreamOpened(leg=leg):
                return self._upstream_opened(leg, now)
            case UpstreamSent(event=sent, text=text, leg=leg):
                if leg != self._line.serving:
                    return self._from_standby(leg, sent, now)
                return self._from_upstream(sent, text, now)
            case UpstreamLost(detail=detail, leg=leg, is_fatal=is_fatal):
                return self._upstream_lost(detail, leg, now, is_fatal=is_fatal)
            case KioskLost(reason=reason, cause=cause):
                self._is_muted = True
                dropped = {"type": "kiosk.dropped", "cause": cause}
                logs = [noted(self._ledger.log("gateway", dropped, now))] if cause else []
                return [*logs, *self._close(reason, now)]
            case KioskAway():
                return self._kiosk_away(now)
            case KioskBack():
                return self._kiosk_back(now)
            case ToolFinished():
                return self._tool_finished(event, now)
            case CloseRequested(reason=reason):
                # The next member must hear nothing of this one.
                self._is_muted = self._is_muted or reason is CloseReason.SECOND_BADGE
                return self._close(reason, now)
            case ConsentKept():
                return self._consent_kept(now)
            case Tick():
                return self._tick(now)

    # Opening.

    def _open(self, badge: Badge | None, now: Moment) -> list[Effect]:
        plan, member = self.plan, badge.member if badge else None
        self._gate.meet(member)
        self._is_personal = badge is not None and (member is not None or badge.guest is not None)
        outcome = badge.outcome.value if badge and not badge.unread_id else None
        is_known = badge is not None and badge.outcome is BadgeOutcome.KNOWN
        records: list[Record] = [
            store.open_session(
                plan.scope,
                started_at=now.at,
                member_id=member.member_id if member else None,
                badge_outcome=outcome,
                gateway_instance=plan.gateway_instance,
                lease_seconds=plan.limits.lease_seconds,
                model=plan.profile.model,
                voice=plan.profile.voice,
                language=plan.profile.language,
                has_analysis_consent=self._gate.has_consent,
                notice_version=self._gate.notice_version,
                price_version=PRICE_VERSION,
            )
        ]
        # The time of its scan, where its agent counted it already: one visit.
        visited_at = (badge.scanned_at if badge else None) or now.at
        if is_known and member is not None:
            records += store.save_visit(plan.scope, member_id=member.member_id, visited_at=visited_at)
        elif badge is not None and badge.unread_id is not None:
            records += store.save_unread_badge(plan.scope, badge_id=badge.unread_id, visited_at=visited_at)
        opened = {"type": "session.opened", "badge_outcome": outcome}
        records.append(self._ledger.log("gateway", opened, now))
        effects: list[Effect] = [committed(*records)]
        if badge is not None:
            greeting = kiosk_protocol.member_unknown(badge)
            if is_known and member is not None:
                greeting = kiosk_protocol.member_identified(member)
            effects += self._tell_kiosk(greeting, now)
        if plan.profile.is_text_only:
            message = apology(Trouble.TEXT_ONLY, plan.profile.language)
            effects += self._tell_kiosk(kiosk_protocol.mode("text", reason="budget", message=message), now)
        effects += self._show_notice(now)
        return [*effects, *self._tell_kiosk(kiosk_protocol.upstream_state("connecting"), now), Dial()]

    # The upstream comes, goes and is replaced.

    def _upstream_opened(self, leg: int, now: Moment) -> list[Effect]:
        if leg not in (self._line.serving, self._line.standby):
            return [HangUp(leg)]
        self._line.opened(leg, at=now.seconds)
        if leg == self._line.serving:
            self._is_upstream_open = True
            if self.close_reason is not None:
                return self._finish_when_drained(now)
        return self._set_up_upstream(leg, now) if self._gate.is_open else []

    def _set_up_upstream(self, leg: int, now: Moment) -> list[Effect]:
        """The upstream learns who it is to whom: nothing of a member goes there before the notice is answered."""
        if leg == self._line.serving:
            self._updates.append("gateway")
            self._owed_since = now.seconds
        update = self.plan.profile.as_update(event_id=self._own_event_id("su"))
        return self._instruct({**update, "session": merged(update["session"], self._client_settings)}, now, leg=leg)

    def _upstream_lost(self, detail: str, leg: int, now: Moment, *, is_fatal: bool = False) -> list[Effect]:
        lost = self._ledger.log("gateway", {"type": "upstream.lost", "detail": detail, "leg": leg}, now)
        if leg == self._line.standby:
            self._line.standby_failed(at=now.seconds)
            return [noted(lost)]
        if leg != self._line.serving:
            return []
        self._is_upstream_open = self._is_ready = self._is_speaking = False
        self._owed_since = None
        self._asked_again.settled()
        self._is_update_owed = self._is_update_owed or "kiosk" in self._updates
        self._updates.clear()
        if self._line.is_standby_ready and self.close_reason is None and not is_fatal:
            # The replacement was waiting for a pause in the talk: it serves now.
            self._line.switch()
            self._is_upstream_open = self._is_ready = True
            return [noted(lost), *self._answers_lost(now, are_asked_again=True), *self._resume(now)]
        standby = self._line.standby
        dial = None if is_fatal or self.close_reason is not None else self._line.redial()
        effects: list[Effect] = [noted(lost), *self._answers_lost(now, are_asked_again=dial is not None)]
        if self.close_reason is not None:
            return [*effects, *self._finish_when_drained(now)]
        effects += [HangUp(standby)] if standby is not None else []
        if dial is None:
            effects += self._tell_kiosk(self._upstream_state("lost", Trouble.LOST), now)
            return [*effects, *self._close(CloseReason.PROVIDER_LOST, now)]
        # A member who waits is not idle.
        self._active_at = now.seconds
        return [*effects, *self._tell_kiosk(self._upstream_state("retrying", Trouble.RETRYING), now), dial]

    def _answers_lost(self, now: Moment, *, are_asked_again: bool) -> list[Effect]:
        """What the upstream still owed is over: half answers are turns, lost words are failed ones."""
        rows = [
            *self._transcript.unfinished(now=now),
            *(self._transcript.transcription_failed(item_id, now=now) for item_id in sorted(self._untranscribed)),
        ]
        records = [*self._turns(*rows), *self._unbilled(now)]
        effects: list[Effect] = [committed(*records)] if records else []
        self._are_words_lost = self._are_words_lost or bool(self._untranscribed)
        continues = are_asked_again and self.plan.is_kiosk and not self._are_words_lost
        for response_id in sorted(self._responses):
            effects += self._tell(failed_response(response_id, continues=continues), now)
        self._responses.clear()
        self._untranscribed.clear()
        self._calls.forget_waiting()
        self._filler.over()
        return effects

    def _carry(self, now: Moment) -> list[Effect]:
        """The serving upstream, which is new, knows what was said and done before; it is not asked to answer."""
        effects: list[Effect] = []
        said = [replace(one, text="") if one.item_id in self._deleted else one for one in self._transcript.said()]
        items = self._memory.carried(said)
        self._transcript.begin_anew()
        self._carried = {item["id"] for item in items if "id" in item}
        for item in items:
            create = {"type": kiosk_protocol.ITEM_CREATE, "event_id": self._own_event_id("cx"), "item": item}
            effects += self._instruct(create, now)
        # A word that was just begun is whole again.
        return [*effects, *(ToUpstream(text, self._line.serving) for text in self._sound.frames)]

    def _resume(self, now: Moment) -> list[Effect]:
        """After a loss: the context, the news for the kiosk, the answer that was owed."""
        effects = self._carry(now)
        trouble = Trouble.BACK if self._are_words_lost else None
        effects += self._tell_kiosk(self._upstream_state("ready", trouble), now)
        is_asked_again = any(held["type"] == kiosk_protocol.RESPONSE_CREATE for held in self._held)
        # Words that were lost cannot be answered, and what a tool will bring is answered when it comes.
        if self._is_asked and not (self._are_words_lost or is_asked_again or self._calls.are_running):
            effects += self._ask(now)
        self._are_words_lost = False
        return effects

    def _renew(self, now: Moment) -> list[Effect]:
        """The connection is replaced in time: the new one is made first, and takes over between two turns."""
        if self.close_reason is not None or not self._is_ready:
            return []
        due = self._line.renewal_due_at
        if due is not None and now.seconds >= due:
            return [self._line.dial_standby()]
        is_quiet = self._is_between_turns() and now.seconds >= self._active_at + _QUIET_SECONDS
        if not (self._line.is_standby_ready and is_quiet):
            return []
        before = self._line.switch()
        log = self._ledger.log("gateway", {"type": "upstream.renewed", "leg": self._line.serving}, now)
        return [noted(log), *self._carry(now), HangUp(before)]

    def _is_between_turns(self) -> bool:
        owes = self._responses or self._untranscribed or self._updates or self._calls.are_running
        return not (owes or self._is_speaking or self._owed_since is not None or self._asked_again.is_troubled)

    def _from_standby(self, leg: int, event: Event, now: Moment) -> list[Effect]:
        """The replacement is being set up: nothing of it reaches the kiosk. Other legs have nothing to say any more."""
        if leg != self._line.standby:
            return []
        records: list[Record] = [self._ledger.log("upstream_in", event, now)]
        kind = event.get("type")
        if kind == realtime.SESSION_CREATED:
            records += self._named(event, leg, now)
        elif kind == realtime.SESSION_UPDATED:
            self._line.is_standby_ready = True
        elif kind == realtime.ERROR:
            self._line.standby_failed(at=now.seconds)
            return [committed(*records), HangUp(leg)]
        return [noted(*records)]

    def _upstream_state(self, state: str, trouble: Trouble | None) -> Event:
        message = apology(trouble, self.plan.profile.language) if trouble else None
        return kiosk_protocol.upstream_state(state, message)

    # From the kiosk.

    def _from_kiosk(self, event: Event, now: Moment) -> list[Effect]:
        if not self._gate.lets_pass(event):
            # Not even on record: what was said before the answer was not meant for anybody.
            error = stopped(event)
            return self._answer_error(error, now) if error else []
        log = self._ledger.log("kiosk_in", event, now)
        try:
            if event["type"] == kiosk_protocol.PLAYBACK:
                self._transcript.played(*kiosk_protocol.playback_of(event))
                self._active_at = now.seconds
                return [noted(log)]
            if event["type"] == kiosk_protocol.SESSION_END:
                reason = kiosk_protocol.end_reason_of(event)
                return [committed(log), *self._close(reason, now)]
            if event["type"] == kiosk_protocol.CONSENT:
                return self._notice_answered(event, log, now)
            if event["type"] == kiosk_protocol.LANGUAGE:
                return [noted(log), *self._change_language(kiosk_protocol.language_of(event), now)]
            permitted = self._hidden.allowed(kiosk_protocol.allowed(event))
            if self.plan.profile.is_text_only:
                permitted = kiosk_protocol.in_text_only(permitted)
        except kiosk_protocol.FrameError as error:
            if error.code == kiosk_protocol.TEXT_ONLY:
                # Told once: fifty frames of sound come in a second.
                if self._is_told_text_only:
                    return [noted(log)]
                self._is_told_text_only = True
            return [noted(log), *self._answer_error(error.as_event(), now)]
        effects: list[Effect] = [noted(log)]
        if self.close_reason is not None:
            return effects
        if permitted["type"] == kiosk_protocol.APPEND and self._greeting.mutes(now.seconds):
            return effects
        if permitted["type"] == kiosk_protocol.ITEM_TRUNCATE and self._is_elsewhere(str(permitted.get("item_id"))):
            return [*effects, *self._cut_here(permitted, now)]
        if not self._is_ready:
            if self._held.hold(permitted):
                return effects
            full = "found more than can be kept until the upstream is ready, expected less: send it again in a moment"
            refused = kiosk_protocol.error_event("queue_full", full, event_id=permitted.get("event_id"))
            return [*effects, *self._answer_error(refused, now)]
        return [*effects, *self._forward(permitted, now)]

    def _is_elsewhere(self, item_id: str) -> bool:
        """True for an answer whose sound the serving upstream never had."""
        return item_id in self._carried or (self._was_ready and not self._is_ready)

    def _cut_here(self, event: Event, now: Moment) -> list[Effect]:
        """A truncation that the serving upstream could only refuse: it is on record, and carried where it still can."""
        item_id = str(event.get("item_id"))
        heard_ms = self._transcript.clamped(item_id, event["audio_end_ms"])
        turn = self._transcript.was_cut(item_id, heard_ms)
        return [
            committed(*self._turns(turn)),
            *self._tell(kiosk_protocol.truncated(item_id, heard_ms), now),
        ]

    def _show_notice(self, now: Moment) -> list[Effect]:
        notice = kiosk_protocol.notice(
            self.plan.profile.language,
            needs_answer=not self._gate.is_open,
            analysis=self._gate.has_consent if self._gate.is_open else None,
        )
        return self._tell_kiosk(notice, now)

    def _notice_answered(self, event: Event, log: Record, now: Moment) -> list[Effect]:
        self._active_at = now.seconds
        return [committed(log, *self._gate.answered(event, now)), Report(ConsentKept())]

    def _consent_kept(self, now: Moment) -> list[Effect]:
        opens = self._gate.kept()
        effects = self._show_notice(now)
        if opens and self._is_upstream_open and self.close_reason is None:
            effects += self._set_up_upstream(self._line.serving, now)
        return effects

    def _change_language(self, language: str, now: Moment) -> list[Effect]:
        """Ear, mouth and notice change together; the voice stays, because the upstream never changes it."""
        self._active_at = now.seconds
        profile = self.plan.profile
        if self.close_reason is not None or language == profile.language:
            return []
        instructions = self.plan.instructions.get(language, profile.instructions)
        self.plan = replace(self.plan, profile=replace(profile, language=language, instructions=instructions))
        effects: list[Effect] = [committed(store.set_language(self.plan.scope, language=language))]
        effects += self._show_notice(now)
        if self._is_ready or self._updates:
            update = self.plan.profile.as_language_update(event_id=self._own_event_id("su"))
            self._updates.append("gateway")
            effects += self._instruct(update, now)
            if self._line.standby is not None:
                effects += self._instruct(update, now, leg=self._line.standby)
        return effects

    # The kiosk goes and comes back.

    @property
    def can_be_resumed(self) -> bool:
        """True until the session begins to close."""
        return self.close_reason is None and not self.is_finished

    def _kiosk_away(self, now: Moment) -> list[Effect]:
        if self._absence.is_away or self.close_reason is not None:
            return []
        self._absence.begins(now.seconds)
        answering = bool(self._responses)
        heard = self._cut_answers(now)
        if answering and not any(isinstance(effect, ToUpstream) for effect in heard):
            # The member asked and heard nothing: asked again when there is somebody to hear it.
            self._absence.owe()
        log = self._ledger.log("gateway", {"type": "kiosk.away"}, now)
        return [noted(log), *heard, *self._cancel_answers(now)]

    def _kiosk_back(self, now: Moment) -> list[Effect]:
        if self.close_reason is not None:
            return []
        owes = self._absence.ends()
        self._active_at = now.seconds
        effects = self._tell_kiosk(kiosk_protocol.session_resumed(self.session_id), now)
        effects += self._show_notice(now)
        if not self._gate.is_open:
            return effects
        if not self._is_ready:
            return [*effects, *self._tell_kiosk(self._upstream_state("retrying", Trouble.RETRYING), now)]
        return [*effects, *(self._ask(now) if owes else [])]

    def _answer_error(self, error: Event, now: Moment) -> list[Effect]:
        """An error is on record before the kiosk hears of it; it quotes no member, so a muted session tells it too."""
        record = self._ledger.log("kiosk_out", error, now)
        named = {"event_id": f"gwk_{self._ledger.last_seq}", **error}
        return [committed(record), ToKiosk(realtime.text_of(named))]

    def _forward(self, event: Event, now: Moment) -> list[Effect]:
        kind = event["type"]
        if kind == kiosk_protocol.SESSION_UPDATE:
            self._updates.append("kiosk")
            self._client_settings = merged(self._client_settings, event["session"])
            if self._line.standby is not None:
                return [ToUpstream(realtime.text_of(event), leg) for leg in (self._line.serving, self._line.standby)]
        elif kind == kiosk_protocol.APPEND:
            self._sound.heard(realtime.text_of(event), realtime.audio_bytes(event["audio"]))
        elif kind == kiosk_protocol.CLEAR:
            self._sound.forget()
        elif kind == kiosk_protocol.ITEM_TRUNCATE:
            heard_ms = self._transcript.truncation(str(event.get("item_id")), event["audio_end_ms"])
            if heard_ms is None:
                return []
            event = {**event, "audio_end_ms": heard_ms}
        elif kind in (kiosk_protocol.ITEM_CREATE, kiosk_protocol.RESPONSE_CREATE, kiosk_protocol.COMMIT):
            self._active_at = now.seconds
            self._owed_since = now.seconds
            self._is_asked = self._is_asked or kind == kiosk_protocol.RESPONSE_CREATE
            self._asked_again.taken_over()
        is_sound = kind == kiosk_protocol.APPEND
        sound_ms = realtime.audio_bytes(event["audio"]) // realtime.AUDIO_BYTES_PER_MS if is_sound else 0
        return [ToUpstream(realtime.text_of(event), self._line.serving, sound_ms)]

    # From the upstream.

    def _from_upstream(self, event: Event, text: str, now: Moment) -> list[Effect]:
        kind = event.get("type")
        if not isinstance(kind, str):
            return []
        # By name: one method per event that means more to us than being relayed.
        handle = _UPSTREAM_HANDLERS.get(kind)
        if self._is_ready:
            # Before, only the answer to our own settings counts: without it nobody may speak.
            self._owed_since = None
        effects = handle(self, event, text, now) if handle else self._relay(event, text, now)
        if kind == realtime.OUTPUT_ITEM_ADDED and self._asked_again.is_troubled:
            self._asked_again.settled()
            effects += self._tell_kiosk(self._upstream_state("ready", None), now)
        if self._responses and self._is_ready:
            # An answer that was begun is owed to its end.
            self._owed_since = now.seconds
        return [*effects, *self._finish_when_drained(now)] if self.close_reason is not None else effects

    def _relay(self, event: Event, text: str, now: Moment) -> list[Effect]:
        """Relays what is not tool traffic."""
        effects: list[Effect] = [noted(self._ledger.log("upstream_in", event, now))]
        # Asked first: it also learns from an echo what is hidden.
        if self._hidden.covers(event) or self._is_echo(event):
            return effects
        return [*effects, *self._pass_on(self._hidden.shown(event, text))]

    def _is_echo(self, event: Event) -> bool:
        """True when the upstream confirms an item that it was told from before: the kiosk has it already."""
        item = event.get("item")
        return (
            event["type"] in (realtime.ITEM_ADDED, realtime.ITEM_DONE)
            and isinstance(item, dict)
            and item.get("id") in self._carried
        )

    def _session_created(self, event: Event, text: str, now: Moment) -> list[Effect]:
        records = [self._ledger.log("upstream_in", event, now), *self._named(event, self._line.serving, now)]
        shown = realtime.text_of(realtime.shown_session(event))
        # To the kiosk it is one session, however many upstreams it takes.
        return [noted(*records), *([] if self._was_ready else self._pass_on(shown))]

    def _named(self, event: Event, leg: int, now: Moment) -> list[Record]:
        """The upstream's own name for its session is on record, and when it ends is known."""
        session = event.get("session")
        if not isinstance(session, dict):
            return []
        expires_at = session.get("expires_at")
        if isinstance(expires_at, int | float) and expires_at > now.at.timestamp():
            self._line.expires(leg, in_seconds=expires_at - now.at.timestamp(), at=now.seconds)
        upstream_id = session.get("id")
        if not isinstance(upstream_id, str):
            return []
        return [store.name_upstream(self.plan.scope, upstream_session_id=upstream_id)]

    def _session_updated(self, event: Event, text: str, now: Moment) -> list[Effect]:
        effects: list[Effect] = [noted(self._ledger.log("upstream_in", event, now))]
        self._is_interrupting = realtime.is_interrupting(event)
        asked_by = self._updates.pop(0) if self._updates else "kiosk"
        if asked_by == "kiosk" or self._is_ready:
            return [*effects, *self._pass_on(realtime.text_of(realtime.shown_session(event)))]
        self._is_ready = True
        self._line.taken()
        self._owed_since = None
        self._active_at = now.seconds
        if self._was_ready:
            if self._is_update_owed:
                self._is_update_owed = False
                effects += self._pass_on(realtime.text_of(realtime.shown_session(event)))
            effects += self._resume(now)
        else:
            self._was_ready = True
            effects += self._tell_kiosk(kiosk_protocol.upstream_state("ready"), now)
            effects += self._tell_kiosk(kiosk_protocol.ready(self.session_id), now)
            if self.plan.greets and not self._absence.is_away:
                self._owed_since, self._is_asked = now.seconds, True
                effects += self._instruct(self._greeting.ask(event_id=self._own_event_id("gr"), at=now.seconds), now)
        if self._held.dropped_ms:
            dropped = {"type": "sound.dropped", "audio_ms": self._held.dropped_ms}
            effects.append(noted(self._ledger.log("gateway", dropped, now)))
            self._held.dropped_ms = 0
        for frame in self._held.release():
            # It has waited, and is wanted all the same.
            effects += [replace(e, sound_ms=0) if isinstance(e, ToUpstream) else e for e in self._forward(frame, now)]
        return effects

    def _error(self, event: Event, text: str, now: Moment) -> list[Effect]:
        code, about = realtime.error_of(event)
        effects: list[Effect] = [committed(self._ledger.log("upstream_in", event, now))]
        if about.startswith(_OWN_EVENT_PREFIX + "su") and not self._is_ready:
            # Without our instructions nobody may speak with the model.
            return [*effects, *self._give_up_leg("our settings were refused", now, is_fatal=True)]
        if code == realtime.SESSION_EXPIRED:
            return [*effects, *self._give_up_leg(code, now)]
        if not about.startswith(_OWN_EVENT_PREFIX):
            effects += self._pass_on(text)
        elif about.startswith(_OWN_EVENT_PREFIX + "fi"):
            effects += self._filler_over(now)
        if code in realtime.FATAL_ERRORS:
            effects += self._give_up_leg(code, now, is_fatal=True)
        return effects

    def _give_up_leg(self, detail: str, now: Moment, *, is_fatal: bool = False) -> list[Effect]:
        """A connection that stands but serves no more is hung up, and counts as lost."""
        leg = self._line.serving
        return [HangUp(leg), *self._upstream_lost(detail, leg, now, is_fatal=is_fatal)]

    def _speech_started(self, event: Event, text: str, now: Moment) -> list[Effect]:
        self._active_at = now.seconds
        self._is_speaking = True
        self._asked_again.taken_over()
        item_id = event.get("item_id")
        if isinstance(item_id, str):
            self._transcript.began(item_id, now=now)
        effects = self._relay(event, text, now)
        if self._filler.response_id is not None:
            # The upstream stops only answers of the conversation by itself.
            name = {"event_id": self._own_event_id("ca"), "response_id": self._filler.response_id}
            effects += self._instruct({"type": "response.cancel", **name}, now)
        if not self._is_interrupting:
            return effects
        return [*effects, *self._cut_answers(now)]

    def _cut_answers(self, now: Moment) -> list[Effect]:
        """What is being played ends where the member stopped hearing it, on record and upstream."""
        cuts = self._transcript.interrupt(now)
        effects: list[Effect] = [noted(*self._turns(*self._transcript.cut_rows(cuts)))] if cuts else []
        for cut in cuts:
            if cut.heard_ms > 0 and not self._is_elsewhere(cut.item_id):
                # Over a websocket the server cannot know what was heard; it rejects 0, which says nothing anyway.
                effects += self._instruct(
                    {
                        "type": kiosk_protocol.ITEM_TRUNCATE,
                        "event_id": self._own_event_id("tr"),
                        "item_id": cut.item_id,
                        "content_index": cut.content_index,
                        "audio_end_ms": cut.heard_ms,
                    },
                    now,
                )
        return effects

    def _speech_stopped(self, event: Event, text: str, now: Moment) -> list[Effect]:
        self._active_at = now.seconds
        item_id = event.get("item_id")
        if isinstance(item_id, str):
            self._transcript.ended(item_id, now=now)
        return self._relay(event, text, now)

    def _committed(self, event: Event, text: str, now: Moment) -> list[Effect]:
        self._active_at = now.seconds
        self._owed_since = now.seconds
        self._is_speaking = False
        self._sound.forget()
        self._is_asked = self._is_asked or self._is_answered_by_itself()
        self._member_item(event, now)
        item_id = event.get("item_id")
        if isinstance(item_id, str):
            self._untranscribed.add(item_id)
        return self._relay(event, text, now)

    def _is_answered_by_itself(self) -> bool:
        """True unless the client asks for each answer: the upstream then answers when the member stops speaking."""
        detection = self._client_settings.get("audio", {}).get("input", {}).get("turn_detection", {})
        return isinstance(detection, dict) and bool(detection.get("create_response", True))

    def _member_item(self, event: Event, now: Moment) -> None:
        item_id = event.get("item_id")
        if isinstance(item_id, str):
            self._transcript.appeared(item_id, role="member", now=now)
            self._transcript.follows(item_id, event.get("previous_item_id"))

    def _transcribed(self, event: Event, text: str, now: Moment) -> list[Effect]:
        item_id = str(event.get("item_id"))
        self._untranscribed.discard(item_id)
        self._active_at = now.seconds
        records: list[Record] = [self._ledger.log("upstream_in", event, now)]
        turn = self._transcript.member_said(item_id, str(event.get("transcript") or ""), now=now)
        records += self._turns(turn)
        model = self.plan.profile.transcription_model
        records += self._ledger.bill("transcription", item_id, model=model, report=event.get("usage"), now=now)
        return [committed(*records), *self._pass_on(text), *self._keep_to_budget(now)]

    def _not_transcribed(self, event: Event, text: str, now: Moment) -> list[Effect]:
        item_id = str(event.get("item_id"))
        self._untranscribed.discard(item_id)
        turn = self._transcript.transcription_failed(item_id, now=now)
        return [committed(self._ledger.log("upstream_in", event, now), *self._turns(turn)), *self._pass_on(text)]

    def _item_added(self, event: Event, text: str, now: Moment) -> list[Effect]:
        item = event.get("item")
        if not isinstance(item, dict) or not isinstance(item.get("id"), str) or self._is_echo(event):
            return self._relay(event, text, now)
        # Tool items are links of the same chain, though no turns.
        self._transcript.follows(item["id"], event.get("previous_item_id"))
        role = "member" if item.get("role") == "user" else "assistant"
        if item.get("type") == "message" and item.get("role") in ("user", "assistant"):
            self._transcript.appeared(item["id"], role=role, now=now)
        words = realtime.user_text(item)
        if words is None:
            # An answer that comes whole was given elsewhere: its words come with it or not at all.
            whole = [
                self._transcript.assistant_said(answer.item_id, part_words, now=now, part=part)
                for answer in realtime.answers_of({"output": [item]})
                for part, part_words in answer.parts.items()
                if item.get("role") == "assistant"
            ]
            turns = self._turns(*whole)
            return [*([noted(*turns)] if turns else []), *self._relay(event, text, now)]
        self._active_at = now.seconds
        turn = self._transcript.member_said(item["id"], words, now=now)
        return [
            committed(self._ledger.log("upstream_in", event, now), *self._turns(turn)),
            *self._pass_on(self._hidden.shown(event, text)),
        ]

    def _item_deleted(self, event: Event, text: str, now: Moment) -> list[Effect]:
        # It stays on record; a later upstream is not told of it.
        self._deleted.add(str(event.get("item_id")))
        return self._relay(event, text, now)

    def _truncated(self, event: Event, text: str, now: Moment) -> list[Effect]:
        heard_ms = event.get("audio_end_ms")
        turn = self._transcript.was_cut(str(event.get("item_id")), heard_ms if isinstance(heard_ms, int) else 0)
        return [
            committed(self._ledger.log("upstream_in", event, now), *self._turns(turn)),
            *self._pass_on(text),
        ]

    def _audio(self, event: Event, text: str, now: Moment) -> list[Effect]:
        item_id, length = str(event.get("item_id")), realtime.audio_bytes(event.get("delta"))
        is_cut = self._transcript.is_cut(item_id)
        self._transcript.assistant_audio(item_id, length, now=now, part=realtime.content_index(event))
        if is_cut:
            # The member has interrupted it: what still comes is nobody's to hear.
            return [noted(self._ledger.log("upstream_in", event, now))]
        return self._relay(event, text, now)

    def _words(self, event: Event, text: str, now: Moment) -> list[Effect]:
        item_id, delta = str(event.get("item_id")), event.get("delta")
        if item_id not in self._hidden and isinstance(delta, str):
            self._transcript.assistant_words(item_id, delta, now=now, part=realtime.content_index(event))
        return self._relay(event, text, now)

    def _words_done(self, event: Event, text: str, now: Moment) -> list[Effect]:
        words, part = str(event.get("transcript", event.get("text")) or ""), realtime.content_index(event)
        turn = self._transcript.assistant_said(str(event.get("item_id")), words, now=now, part=part)
        return [
            noted(self._ledger.log("upstream_in", event, now), *self._turns(turn)),
            *self._pass_on(text),
        ]

    def _response_created(self, event: Event, text: str, now: Moment) -> list[Effect]:
        response = event.get("response")
        if isinstance(response, dict) and isinstance(response.get("id"), str):
            self._responses.add(response["id"])
            self._is_asked = True
            self._filler.created(response)
            self._greeting.created(response)
            if self._absence.is_away:
                self._absence.owe()
                return [*self._relay(event, text, now), *self._cancel_answers(now)]
        self._active_at = now.seconds
        return self._relay(event, text, now)

    def _output_item_done(self, event: Event, text: str, now: Moment) -> list[Effect]:
        self._calls.collect(event)
        return self._relay(event, text, now)

    def _response_done(self, event: Event, text: str, now: Moment) -> list[Effect]:
        response = event.get("response")
        if not isinstance(response, dict):
            return self._relay(event, text, now)
        response_id = str(response.get("id"))
        self._responses.discard(response_id)
        # Playback goes on after the last delta: silence counts from its end.
        self._active_at = now.seconds + self._transcript.remaining_playback_ms(now) / 1000
        self._greeting.done(response_id, ends_at=self._active_at)
        calls = self._calls.start(response_id) if self.close_reason is None else []
        is_filler = response_id == self._filler.response_id
        self._is_asked = bool(calls) or bool(self._responses) or is_filler
        if calls:
            self._filler.due_at = now.seconds + self.plan.limits.tool_filler_seconds
        records: list[Record] = [self._ledger.log("upstream_in", event, now)]
        for message in realtime.answers_of(response):
            for part, words in message.parts.items():
                records += self._turns(self._transcript.assistant_said(message.item_id, words, now=now, part=part))
            if not message.is_complete:
                records += self._turns(self._transcript.stopped(message.item_id, now=now))
        if not self._responses:
            records += self._turns(*self._transcript.unfinished(now=now))
        model = self.plan.profile.model
        records += self._ledger.bill("response", response_id, model=model, report=response.get("usage"), now=now)
        runs: list[Effect] = []
        for call in calls:
            started = store.start_tool_call(
                self.plan.scope, call_id=call.call_id, name=call.name, arguments=call.arguments, started_at=now.at
            )
            records.append(started)
            self._memory.called(call.call_id, call.name, call.arguments, after_item_id=self._transcript.last_item_id())
            runs.append(RunTool(call.call_id, call.name, call.arguments))
        failure = realtime.failure_of(response)
        news = self._not_answered(failure, now) if failure is not None and not is_filler else []
        continues = bool(calls) or is_filler or self._asked_again.due_at is not None
        shown = realtime.shown_response(event, continues=continues and self.plan.is_kiosk)
        told = self._pass_on(text if shown is event else realtime.text_of(shown))
        # What filled a tool's time is no answer: it is not asked for again, and the answer comes after it.
        news += self._filler_over(now) if is_filler else []
        return [committed(*records), *told, *runs, *news, *self._keep_to_budget(now)]

    def _keep_to_budget(self, now: Moment) -> list[Effect]:
        """No further answer is begun once the session has cost what it may."""
        return self._close(CloseReason.BUDGET, now) if self.cost_usd >= self.plan.limits.max_cost_usd else []

    def _unbilled(self, now: Moment) -> list[Record]:
        """The rows of answers whose bill will never come."""
        model = self.plan.profile.model
        return [
            record
            for response_id in sorted(self._responses)
            for record in self._ledger.bill("response", response_id, model=model, report=None, now=now)
        ]

    def _not_answered(self, code: str, now: Moment) -> list[Effect]:
        """A provider that refuses an answer looks like silence: the kiosk is told, and the answer asked for again."""
        if self.close_reason is not None:
            return []
        if code in realtime.FATAL_ERRORS:
            return self._give_up_leg(code, now, is_fatal=True)
        # A client of another kind asks again as it sees fit.
        if not self.plan.is_kiosk or self._responses:
            return []
        if not self._asked_again.refused(at=now.seconds):
            return self._tell_kiosk(self._upstream_state("ready", Trouble.REFUSED), now)
        self._is_asked = True
        return self._tell_kiosk(self._upstream_state("retrying", Trouble.BUSY), now)

    # Tools.

    def _tool_finished(self, result: ToolFinished, now: Moment) -> list[Effect]:
        self._calls.finish(result.call_id)
        self._memory.answered(result.call_id, result.output)
        finished = store.finish_tool_call(
            self.plan.scope, call_id=result.call_id, status=result.status, output=result.output, finished_at=now.at
        )
        effects: list[Effect] = [committed(finished)]
        if self.close_reason is not None:
            return [*effects, *self._finish_when_drained(now)]
        if not self._is_ready:
            # The next upstream is told it with the rest.
            return effects
        effects += self._instruct(realtime.tool_output(result.call_id, result.output), now)
        # One answer to all results; none of our own where the member already speaks and the upstream answers that.
        if not self._calls.are_running:
            self._filler.due_at = None
            # Two voices at once are none: the answer waits for the end of the sentence that fills its time.
            self._filler.does_answer_wait = self._filler.is_under_way
            if not self._filler.is_under_way and not self._responses:
                effects += self._ask(now)
        return effects

    def _may_fill(self) -> bool:
        """True while a tool keeps the member waiting in silence."""
        is_waiting = self._calls.are_running and self._is_ready and not self._absence.is_away
        return is_waiting and not (self._responses or self._is_speaking)

    def _fill(self, now: Moment) -> list[Effect]:
        self._owed_since = now.seconds
        asked = self._filler.ask(event_id=self._own_event_id("fi"), language=self.plan.profile.language)
        return self._instruct(asked, now)

    def _filler_over(self, now: Moment) -> list[Effect]:
        is_answer_due = self._filler.over() and self.close_reason is None
        return self._ask(now) if is_answer_due and not (self._responses or self._is_speaking) else []

    def _ask(self, now: Moment) -> list[Effect]:
        """The upstream is asked for an answer in our own name, or later where nobody would hear it."""
        if self._absence.is_away:
            self._absence.owe()
            return []
        self._owed_since = now.seconds
        self._is_asked = True
        return self._instruct({"type": "response.create", "event_id": self._own_event_id("rc")}, now)

    # Closing.

    def _tick(self, now: Moment) -> list[Effect]:
        limits = self.plan.limits
        if self.close_reason is not None:
            return self._finish_when_drained(now)
        if now.seconds - self._opened_at >= limits.max_seconds:
            return self._close(CloseReason.MAX_DURATION, now)
        if self._absence.due_at is not None and now.seconds >= self._absence.due_at:
            self._is_muted = True
            return self._close(CloseReason.KIOSK_LOST, now)
        if self._asked_again.due_at is not None and now.seconds >= self._asked_again.due_at:
            self._asked_again.taken_over()
            return self._ask(now)
        if self._owed_since is not None and now.seconds - self._owed_since >= limits.silence_seconds:
            return self._give_up_leg("silent while it owed an answer", now)
        if self._filler.due_at is not None and now.seconds >= self._filler.due_at and self._may_fill():
            return self._fill(now)
        if now.seconds - self._active_at >= self._idle_seconds():
            if self._responses:
                self._active_at = now.seconds
                return []
            return self._close(CloseReason.IDLE, now)
        return []

    def _idle_seconds(self) -> float:
        """How long silence may last: less where a name is at stake, but long enough to read an open notice."""
        limits = self.plan.limits
        return limits.personal_idle_seconds if self._is_personal and self._gate.is_open else limits.idle_seconds

    def _close(self, reason: CloseReason, now: Moment) -> list[Effect]:
        if self.close_reason is not None:
            return self._finish_when_drained(now)
        self.close_reason = reason
        drain_seconds = self.plan.limits.drain_seconds
        if reason is CloseReason.SECOND_BADGE:
            # Somebody else stands there: nothing of this member is held for longer, not even for its last bill.
            drain_seconds = min(drain_seconds, _WIPE_SECONDS)
        self._drain_until = now.seconds + drain_seconds
        return [*self._cancel_answers(now), *self._finish_when_drained(now)]

    def _cancel_answers(self, now: Moment) -> list[Effect]:
        """What is being said to nobody costs money; its bill comes with response.done."""
        effects: list[Effect] = []
        for response_id in sorted(self._responses) if self._is_upstream_open else ():
            cancel = {"type": "response.cancel", "event_id": self._own_event_id("ca"), "response_id": response_id}
            effects += self._instruct(cancel, now)
        return effects

    def _finish_when_drained(self, now: Moment) -> list[Effect]:
        if self.is_finished or self.close_reason is None or self._drain_until is None:
            return []
        owes = self._responses or self._untranscribed or self._calls.are_running
        if owes and self._is_upstream_open and now.seconds < self._drain_until:
            return []
        self.is_finished = True
        records = (
            *self._turns(*self._transcript.unfinished(now=now)),
            *self._unbilled(now),
            store.close_session(self.plan.scope, reason=self.close_reason, ended_at=now.at),
            self._ledger.log("gateway", {"type": "session.closed", "reason": self.close_reason.value}, now),
        )
        # Said even to a kiosk that hears nothing else of this session: it is how it knows that it is over.
        closed = kiosk_protocol.session_closed(self.session_id, self.close_reason)
        told: list[Effect] = [ToKiosk(realtime.text_of(closed))] if self.plan.is_kiosk else []
        return [committed(*records), *told, Finished(self.close_reason, self.cost_usd)]

    # Small parts of the above.

    def _turns(self, *turns: TurnRow | None) -> list[Record]:
        """The turns there are, and those on record that another item has moved to a new place."""
        return self._ledger.turns(*turns, *self._transcript.moved())

    def _tell(self, event: Event, now: Moment) -> list[Effect]:
        """Says something in the gateway's own name to any client."""
        if self._is_muted:
            return []
        named = {"event_id": f"gwk_{self._ledger.last_seq}", **event}
        return [
            noted(self._ledger.log("kiosk_out", event, now)),
            ToKiosk(realtime.text_of(named)),
        ]

    def _tell_kiosk(self, event: Event, now: Moment) -> list[Effect]:
        """Says something that only clients of our own understand."""
        return self._tell({"session_id": str(self.session_id), **event}, now) if self.plan.is_kiosk else []

    def _pass_on(self, text: str) -> list[Effect]:
        return [] if self._is_muted else [ToKiosk(text)]

    def _instruct(self, event: Event, now: Moment, *, leg: int | None = None) -> list[Effect]:
        """Tells the upstream something in the gateway's own name."""
        log = self._ledger.log("upstream_out", event, now)
        return [noted(log), ToUpstream(realtime.text_of(event), leg or self._line.serving)]

    def _own_event_id(self, kind: str) -> str:
        self._own_events += 1
        return f"{_OWN_EVENT_PREFIX}{kind}_{self._own_events}"


_Handler = Callable[[VoiceSession, Event, str, Moment], list[Effect]]

_UPSTREAM_HANDLERS: dict[str, _Handler] = {
    realtime.SESSION_CREATED: VoiceSession._session_created,
    realtime.SESSION_UPDATED: VoiceSession._session_updated,
    realtime.ERROR: VoiceSession._error,
    realtime.SPEECH_STARTED: VoiceSession._speech_started,
    realtime.SPEECH_STOPPED: VoiceSession._speech_stopped,
    realtime.COMMITTED: VoiceSession._committed,
    realtime.TRANSCRIPTION_COMPLETED: VoiceSession._transcribed,
    realtime.TRANSCRIPTION_FAILED: VoiceSession._not_transcribed,
    realtime.ITEM_ADDED: VoiceSession._item_added,
    realtime.ITEM_TRUNCATED: VoiceSession._truncated,
    realtime.ITEM_DELETED: VoiceSession._item_deleted,
    realtime.OUTPUT_ITEM_ADDED: VoiceSession._item_added,
    realtime.OUTPUT_ITEM_DONE: VoiceSession._output_item_done,
    realtime.RESPONSE_CREATED: VoiceSession._response_created,
    realtime.RESPONSE_DONE: VoiceSession._response_done,
    realtime.AUDIO_DELTA: VoiceSession._audio,
    **dict.fromkeys(realtime.WORDS_DELTA, VoiceSession._words),
    **dict.fromkeys(realtime.WORDS_DONE, VoiceSession._words_done),
}
