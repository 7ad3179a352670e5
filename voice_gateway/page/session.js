// One member's session on the screen: made, changed and forgotten as a whole. Pure.

export const nothing = (state) => ({ state, effects: [] });

export const send = (...events) => events.map((event) => ({ type: "send", event }));

/** The events that put typed words into the conversation and ask for an answer. */
export function spoken(lines) {
  const item = (text) => ({ type: "message", role: "user", content: [{ type: "input_text", text }] });
  return send(
    ...lines.map((text) => ({ type: "conversation.item.create", item: item(text) })),
    { type: "response.create" },
  );
}

export function newSession(id) {
  return {
    id,
    firstName: null,
    outcome: null,
    language: null,
    notice: null,
    upstream: "connecting",
    message: null,
    mode: "voice",
    isReady: false,
    isHearing: false,
    owes: false,
    responses: [],
    playing: null,
    playedMs: 0,
    cut: [],
    turns: [],
    waiting: [],
    hint: null,
  };
}

export const changed = (state, patch) => ({ ...state, session: { ...state.session, ...patch } });

/** Nothing of the member is left, muting included: the next one speaks to an open microphone. */
export function forget(state) {
  if (!state.session) return state;
  return {
    ...state,
    closedId: state.session.id,
    session: null,
    wantsSession: null,
    isMuted: false,
    isResuming: false,
    chosenLanguage: null,
    language: state.kiosk?.language ?? "fr",
  };
}

/** The state in which `id` is the open session: another one that was open is forgotten first. */
export function inSession(state, id) {
  if (state.session?.id === id) return state;
  const chosen = state.session ? null : state.chosenLanguage;
  const empty = forget(state);
  return {
    ...empty,
    session: newSession(id),
    wantsSession: null,
    farewellUntil: null,
    endReason: null,
    trouble: null,
    isTesting: false,
    chosenLanguage: chosen,
    language: chosen ?? empty.language,
  };
}

/** The turns with this one in its place: after the item named before it, or at the end. */
export function placed(turns, turn, previousId) {
  const at = turns.findIndex((one) => one.id === turn.id);
  const rest = at < 0 ? turns : turns.filter((one) => one.id !== turn.id);
  const kept = at < 0 ? turn : { ...turns[at], ...turn, text: turn.text || turns[at].text };
  const before = previousId ? rest.findIndex((one) => one.id === previousId) : -1;
  const index = before >= 0 ? before + 1 : at >= 0 ? at : rest.length;
  return [...rest.slice(0, index), kept, ...rest.slice(index)];
}

/** The turns with one changed; as they were when the item is none of this session. */
export function reworded(turns, id, change) {
  return turns.map((turn) => (turn.id === id ? { ...turn, ...change(turn) } : turn));
}

/** As much of an answer as was heard, cut between words; speech is taken as even, as on record. */
export function heardText(words, heardMs, totalMs) {
  if (totalMs <= 0 || heardMs >= totalMs) return words;
  let end = Math.floor((words.length * Math.max(heardMs, 0)) / totalMs);
  if (end < words.length && !/\s/.test(words[end])) end = words.lastIndexOf(" ", end - 1) + 1;
  return words.slice(0, end).trimEnd();
}
