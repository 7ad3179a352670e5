// What each event of the gateway changes on the screen. Pure; the only reader of the protocol on this side.

import { changed, forget, heardText, inSession, nothing, placed, reworded, send, spoken } from "./session.js";

const PCM_BYTES_PER_MS = 48;
const FAREWELL_MS = 5_000;
const OWN_LANGUAGES = ["fr", "en", "es"];
// Errors after which there is no session, with the trouble they mean for whoever stands there.
const ENDS = { no_session: null, session_refused: "not_recorded", not_recorded: "not_recorded" };
const TROUBLES = { storage_full: "not_recorded", gateway_stopping: "stopping", gym_suspended: "suspended" };

export function fromGateway(state, event) {
  const handle = HANDLERS[event.type];
  if (!handle) return nothing(state);
  const id = event.session_id;
  if (event.type.startsWith("kiosk.") && id) {
    // A session that is over has nothing more to say, however late it says it.
    if (id === state.closedId && event.type !== "kiosk.session.closed") return nothing(state);
    if (OPENS.has(event.type)) return handle(inSession(state, id), event);
    if (state.session?.id !== id && event.type !== "kiosk.session.closed") return nothing(state);
  } else if (!state.session && event.type !== "error" && event.type !== "kiosk.config") {
    return nothing(state);
  }
  return handle(state, event);
}

const OPENS = new Set([
  "kiosk.member.identified", "kiosk.member.unknown", "kiosk.upstream", "kiosk.notice", "kiosk.ready", "kiosk.session.resumed",
]);

/** A language chosen before the session opened is the session's, once it can be told. */
function tellLanguage(state, spokenLanguage) {
  const chosen = state.chosenLanguage;
  return chosen && chosen !== spokenLanguage ? send({ type: "kiosk.language", language: chosen }) : [];
}

function met(state, event) {
  const isKnown = event.type === "kiosk.member.identified";
  const language = OWN_LANGUAGES.includes(event.language) ? event.language : state.kiosk?.language ?? state.language;
  // A member of another gym of the network comes with a name where that gym gives it.
  const next = changed(state, { firstName: event.first_name || null, outcome: isKnown ? "known" : event.outcome, language });
  return {
    state: { ...next, language: state.chosenLanguage ?? language },
    effects: [{ type: "silence" }, ...tellLanguage(state, language)],
  };
}

function upstream(state, event) {
  const { session } = state;
  const isFirst = session.outcome === null && event.state === "connecting" && !session.isReady;
  const patch = { upstream: event.state, message: event.message ?? null };
  // What the lost connection had begun to say it will not finish.
  if (event.state === "lost" || event.state === "retrying") Object.assign(patch, { responses: [], owes: false });
  return { state: changed(state, patch), effects: isFirst ? tellLanguage(state, state.kiosk?.language ?? "fr") : [] };
}

function noticed(state, event) {
  const notice = {
    text: event.text, version: event.version, needs_answer: Boolean(event.needs_answer), analysis: event.analysis ?? null,
  };
  return nothing(changed(state, { notice }));
}

function ready(state) {
  return flushed(changed(state, { isReady: true, upstream: "ready", message: null }));
}

/** Words that waited are said, now that they can be. */
function flushed(state) {
  const { session } = state;
  if (session.waiting.length === 0 || session.responses.length > 0 || !session.isReady) return nothing(state);
  return { state: changed(state, { waiting: [], owes: true }), effects: spoken(session.waiting) };
}

function resumed(state) {
  // Whether somebody may speak is as it was: the notice, and the provider's state, are told again after this.
  return flushed({ ...state, isResuming: false, lostAt: null });
}

function closed(state, event) {
  if (state.session?.id !== event.session_id) return nothing(state);
  const wiped = { ...forget(state), endReason: event.reason, lostAt: null };
  // After a second badge the next member is being looked up: no goodbye to the one before.
  const next = event.reason === "second_badge" ? { wantsSession: "badge" } : { farewellUntil: state.now + FAREWELL_MS };
  return { state: { ...wiped, ...next }, effects: [{ type: "silence" }] };
}

function errored(state, event) {
  const code = event.error?.code ?? "";
  if (code === "invalid_token") {
    // Revoked, or rotated meanwhile: the next connection tells which.
    return { state: { ...forget(state), wantsSession: null }, effects: [{ type: "silence" }, { type: "reconnect" }] };
  }
  if (state.isResuming) {
    // Too late, or another gateway's: the conversation is over, and says so.
    const wiped = forget(state);
    return { state: { ...wiped, isResuming: false, lostAt: null, farewellUntil: state.now + FAREWELL_MS, endReason: "kiosk_lost" }, effects: [] };
  }
  if (code === "consent_pending" && state.session) return nothing(changed(state, { hint: "consent_pending" }));
  if (code in ENDS) {
    return { state: { ...forget(state), wantsSession: null, trouble: ENDS[code] }, effects: [{ type: "silence" }] };
  }
  if (code in TROUBLES) return nothing({ ...state, wantsSession: null, trouble: TROUBLES[code] });
  return nothing(state);
}

function speechStarted(state, event) {
  const { session } = state;
  const turn = { id: event.item_id, role: "member", text: "", isFinal: false };
  const patch = { isHearing: true, turns: placed(session.turns, turn, null) };
  if (!session.playing) return nothing(changed(state, patch));
  // Barge-in: what is left of the answer is not said, and late pieces of it are not either.
  const cut = [...session.cut, session.playing];
  return { state: changed(state, { ...patch, cut, playing: null }), effects: [{ type: "silence" }] };
}

function itemAdded(state, event) {
  const item = event.item ?? {};
  if (item.type !== "message" || !["user", "assistant"].includes(item.role)) return nothing(state);
  const typed = (item.content ?? []).filter((part) => part.type === "input_text").map((part) => part.text).join("");
  const isMember = item.role === "user";
  const turn = { id: item.id, role: isMember ? "member" : "assistant", text: typed, isFinal: isMember && typed !== "" };
  const turns = placed(state.session.turns, turn, event.previous_item_id);
  return nothing(changed(state, { turns }));
}

function worded(change) {
  return (state, event) => nothing(changed(state, { turns: reworded(state.session.turns, event.item_id, (turn) => change(turn, event)) }));
}

function audio(state, event) {
  const { session } = state;
  const id = event.item_id;
  if (session.cut.includes(id) || !session.turns.some((turn) => turn.id === id)) return nothing(state);
  const bytes = Math.floor((event.delta.length * 3) / 4) - (event.delta.endsWith("==") ? 2 : event.delta.endsWith("=") ? 1 : 0);
  const turns = reworded(session.turns, id, (turn) => ({ producedMs: (turn.producedMs ?? 0) + bytes / PCM_BYTES_PER_MS }));
  const isNew = session.playing !== id;
  return {
    state: changed(state, { playing: id, playedMs: isNew ? 0 : session.playedMs, turns }),
    effects: [{ type: "play", item: id, audio: event.delta }],
  };
}

function audioDone(state, event) {
  const isCut = state.session.cut.includes(event.item_id);
  return { state, effects: isCut ? [] : [{ type: "played", item: event.item_id }] };
}

function truncated(state, event) {
  // The screen keeps what was heard, as the record does.
  const change = (turn) => ({
    text: heardText(turn.text, event.audio_end_ms, turn.producedMs ?? 0), isFinal: true, isCut: true,
  });
  return nothing(changed(state, { turns: reworded(state.session.turns, event.item_id, change) }));
}

function responseCreated(state, event) {
  const id = event.response?.id;
  return nothing(changed(state, { responses: [...new Set([...state.session.responses, id])], owes: false, hint: null }));
}

function responseDone(state, event) {
  const { session } = state;
  const response = event.response ?? {};
  const continues = Boolean(response.metadata?.jarvis_continues);
  const failed = response.status === "failed";
  const responses = session.responses.filter((id) => id !== response.id);
  return flushed(changed(state, { responses, owes: continues, hint: failed ? "failed" : session.hint }));
}

const spokenOf = (event) => event.transcript ?? event.text ?? "";
const said = worded((turn, event) => (turn.isCut ? {} : { text: spokenOf(event).trim(), isFinal: true }));
const saying = worded((turn, event) => (turn.isFinal ? {} : { text: turn.text + event.delta }));

const HANDLERS = {
  "kiosk.member.identified": met,
  "kiosk.member.unknown": met,
  "kiosk.upstream": upstream,
  "kiosk.notice": noticed,
  "kiosk.ready": ready,
  "kiosk.session.resumed": resumed,
  "kiosk.session.closed": closed,
  // An answer that is being said is said to its end.
  "kiosk.mode": (state, event) => nothing(changed(state, { mode: event.mode === "text" ? "text" : "voice" })),
  "kiosk.config": (state, event) => ({
    state: { ...state, config: event.config ?? {} },
    effects: [{ type: "configure", config: event.config ?? {} }],
  }),
  error: errored,
  "input_audio_buffer.speech_started": speechStarted,
  "input_audio_buffer.speech_stopped": (state) => nothing(changed(state, { isHearing: false })),
  "input_audio_buffer.committed": (state) => nothing(changed(state, { isHearing: false, owes: true })),
  "conversation.item.added": itemAdded,
  "conversation.item.input_audio_transcription.delta": saying,
  "conversation.item.input_audio_transcription.completed": worded((turn, event) => ({
    text: (event.transcript ?? "").trim(), isFinal: true,
  })),
  "conversation.item.input_audio_transcription.failed": worded(() => ({ text: "", isFinal: true, isLost: true })),
  "conversation.item.truncated": truncated,
  "response.created": responseCreated,
  "response.output_item.added": itemAdded,
  "response.output_audio.delta": audio,
  "response.output_audio.done": audioDone,
  "response.output_audio_transcript.delta": saying,
  "response.output_audio_transcript.done": said,
  "response.output_text.delta": saying,
  "response.output_text.done": said,
  "response.done": responseDone,
};
