// Which of its faces the screen shows, derived from facts. Pure.

/** The word that the page's `data-state` carries, that the sphere moves by and that tests read. */
export function phaseOf(state) {
  if (state.screen !== "ready") return state.link === "lost" && state.screen === "starting" ? "unavailable" : state.screen;
  const { session } = state;
  if (!session) {
    if (state.isTesting) return "testing";
    if (state.trouble) return "unavailable";
    if (state.link !== "open") return state.link === "lost" ? "unavailable" : "starting";
    if (state.farewellUntil !== null) return "farewell";
    return state.wantsSession ? "connecting" : "idle";
  }
  if (state.link !== "open" || state.isResuming) return "degraded";
  if (session.notice?.needs_answer) return "consent";
  if (session.upstream === "lost" || session.upstream === "retrying") return "degraded";
  if (!session.isReady) return "connecting";
  if (session.playing) return "speaking";
  if (session.responses.length > 0 || session.owes) return "thinking";
  return "listening";
}
