// The conversation as the screen knows it, pure: step(state, event) → { state, effects }.
//
// No DOM, no socket, no sound, no clock in here: main.js brings events and runs effects in order. What the screen
// shows is derived from facts (`phaseOf`), so that no order of events can leave it saying something untrue.
// Everything personal lives in `state.session`: without it, nothing of a member is left.

import { fromGateway } from "./gateway_events.js";
import { changed, forget, nothing, send, spoken } from "./session.js";

export { phaseOf } from "./phase.js";

export const LANGUAGES = ["fr", "en", "es"];
// A second less than the gateway keeps a session for a kiosk that was cut off; nothing of it may stay here longer.
export const RESUME_MS = 14_000;
const FAREWELL_MS = 5_000;
// A language chosen by somebody who then walked away is not the next one's.
const CHOICE_MS = 45_000;

export function initial() {
  return {
    screen: "starting", // starting, provisioning, ready
    link: "connecting", // connecting, open, lost
    lostAt: null,
    kiosk: null,
    language: "fr",
    chosenLanguage: null,
    chosenAt: 0,
    session: null,
    wantsSession: null, // asked for and not yet opened: "start" or "badge"
    isResuming: false,
    farewellUntil: null,
    endReason: null,
    closedId: null,
    isMuted: false,
    microphone: "closed", // closed, open, denied, missing
    isSoundBlocked: false,
    isTesting: false,
    trouble: null,
    config: {},
    now: 0,
  };
}

export function step(state, event) {
  const handle = HANDLERS[event.type];
  return handle ? handle(state, event) : nothing(state);
}

/** Whether the microphone should be open now: never before the notice was answered. */
export function wantsMicrophone(state) {
  const { session } = state;
  return Boolean(
    session && session.isReady && !needsAnswer(session) && session.mode === "voice" && session.upstream === "ready" &&
      state.link === "open" && !state.isTesting,
  );
}

export function needsAnswer(session) {
  return Boolean(session?.notice?.needs_answer);
}

function start(state, how, event) {
  if (state.link !== "open") return nothing(state);
  return {
    state: { ...forget(state), wantsSession: how, farewellUntil: null, trouble: null, isTesting: false },
    effects: [{ type: "silence" }, ...send(event)],
  };
}

function say(state, text) {
  const words = text.trim().slice(0, 1000);
  if (!state.session || !words || needsAnswer(state.session)) return nothing(state);
  const { session } = state;
  // While the connection is away, words wait; while an answer runs, it is cut first: only one can run.
  if (state.link !== "open" || !session.isReady) return nothing(changed(state, { waiting: [...session.waiting, words] }));
  if (session.responses.length > 0) {
    const cut = cutAnswer(state);
    return {
      state: changed(cut.state, { waiting: [...session.waiting, words], owes: true }),
      effects: [...cut.effects, ...send({ type: "response.cancel" })],
    };
  }
  const cut = cutAnswer(state);
  return { state: changed(cut.state, { owes: true }), effects: [...cut.effects, ...spoken([words])] };
}

/** What is being said stops at once; the upstream is told how much was heard, as no voice tells it. */
function cutAnswer(state) {
  const playing = state.session?.playing;
  if (!playing) return { state, effects: [] };
  const truncate = {
    type: "conversation.item.truncate", item_id: playing, content_index: 0, audio_end_ms: state.session.playedMs,
  };
  return {
    state: changed(state, { cut: [...state.session.cut, playing], playing: null }),
    effects: [{ type: "silence" }, ...(state.session.playedMs > 0 ? send(truncate) : [])],
  };
}

function playback(state, { item, ms }, { isOver }) {
  if (!state.session) return nothing(state);
  const next = isOver && state.session.playing === item ? { playing: null } : {};
  return {
    state: changed(state, { ...next, playedMs: Math.round(ms) }),
    effects: state.link === "open" ? send({ type: "kiosk.playback", item_id: item, played_ms: Math.round(ms) }) : [],
  };
}

function tick(state, { now }) {
  let next = { ...state, now };
  const effects = [];
  if (next.farewellUntil !== null && now >= next.farewellUntil) next = { ...next, farewellUntil: null, endReason: null };
  if (next.session && next.lostAt !== null && now - next.lostAt > RESUME_MS) next = forget(next);
  if (next.chosenLanguage && !next.session && !next.isTesting && now - next.chosenAt > CHOICE_MS) {
    next = { ...next, chosenLanguage: null, language: next.kiosk?.language ?? "fr" };
  }
  return { state: next, effects };
}

const HANDLERS = {
  gateway: (state, { event }) => fromGateway(state, event),
  tick,
  "page.known": (state, { kiosk }) =>
    nothing({ ...state, screen: "ready", kiosk, language: state.chosenLanguage ?? state.session?.language ?? kiosk.language }),
  "page.unknown": (state) => ({
    state: { ...forget(state), screen: "provisioning", kiosk: null, wantsSession: null },
    effects: [{ type: "silence" }],
  }),
  // Asked again like a gateway that is away, until the gym is served again.
  "page.suspended": (state) => nothing({ ...state, trouble: "suspended" }),
  "page.unreachable": (state, { now }) => nothing({ ...state, link: "lost", lostAt: state.lostAt ?? now, now }),
  "link.open": (state) => {
    const open = { ...state, link: "open", trouble: null };
    if (!state.session) return nothing({ ...open, lostAt: null });
    return {
      state: { ...open, isResuming: true },
      effects: send({ type: "kiosk.session.resume", session_id: state.session.id }),
    };
  },
  "link.lost": (state, { now }) => {
    if (state.link === "lost") return nothing(state);
    const lost = { ...state, link: "lost", lostAt: state.lostAt ?? now, wantsSession: null, isResuming: false, now };
    if (!state.session) return { state: lost, effects: [] };
    // What an answer had left to say is gone with the connection.
    return {
      state: changed(lost, { playing: null, responses: [], owes: false, isHearing: false }),
      effects: [{ type: "silence" }],
    };
  },
  "ui.start": (state) => start(state, "start", { type: "kiosk.session.start" }),
  "ui.badge": (state, { uid }) => start(state, "badge", { type: "kiosk.badge.scanned", uid }),
  "ui.say": (state, { text }) => say(state, text),
  "ui.end": (state, { now }) => {
    if (!state.session) return nothing({ ...state, wantsSession: null });
    return {
      state: { ...forget(state), farewellUntil: now + FAREWELL_MS, endReason: "member_left" },
      effects: [
        { type: "silence" },
        ...(state.link === "open" ? send({ type: "kiosk.session.end", reason: "member_left" }) : []),
      ],
    };
  },
  "ui.consent": (state, { analysis }) => {
    if (!state.session?.notice) return nothing(state);
    const notice = { ...state.session.notice, needs_answer: false, analysis };
    return { state: changed(state, { notice }), effects: send({ type: "kiosk.consent", analysis }) };
  },
  "ui.reconsider": (state) => {
    if (!state.session?.notice) return nothing(state);
    return nothing(changed(state, { notice: { ...state.session.notice, needs_answer: true } }));
  },
  "ui.mute": (state) => nothing({ ...state, isMuted: !state.isMuted }),
  "ui.language": (state, { language, now }) => {
    if (!LANGUAGES.includes(language) || language === state.language) return nothing(state);
    const next = { ...state, language, chosenLanguage: language, chosenAt: now };
    if (!state.session || state.link !== "open") return nothing(next);
    return { state: next, effects: send({ type: "kiosk.language", language }) };
  },
  "ui.test": (state, { isOpen }) => nothing({ ...state, isTesting: isOpen && !state.session }),
  "speaker.progress": (state, event) => playback(state, event, { isOver: false }),
  "speaker.stopped": (state, event) => playback(state, event, { isOver: true }),
  "speaker.blocked": (state) => nothing({ ...state, isSoundBlocked: true }),
  "speaker.running": (state) => nothing({ ...state, isSoundBlocked: false }),
  "microphone.state": (state, { microphone }) => nothing({ ...state, microphone }),
};
