// The page as the state says: which screen, which words. Reads the state, writes the DOM, decides nothing.

import { showCaptions } from "./captions.js";
import { phaseOf } from "./phase.js";
import { text } from "./texts.js";

const TALKING = new Set(["listening", "thinking", "speaking", "degraded"]);
const OUTCOMES = { unknown: "unknown_badge", inactive: "inactive_badge", other_gym: "other_gym_badge" };
const FAREWELLS = {
  idle: "farewell_idle", max_duration: "farewell_limit", budget: "farewell_limit",
  provider_lost: "farewell_provider", kiosk_lost: "unavailable_text", gateway_lost: "unavailable_text",
};
const $ = (id) => document.getElementById(id);

export class View {
  #language = null;
  #screen = null;

  /** The whole page shows this state; what belongs to a session is empty without one. */
  show(state) {
    const phase = phaseOf(state);
    const screen = TALKING.has(phase) ? "talk" : phase;
    this.#speak(state);
    document.body.dataset.state = phase;
    document.documentElement.dataset.theme = state.config.theme ?? "dark";
    $("captions").hidden = state.config.has_captions === false && state.session?.mode !== "text" && state.microphone === "open";
    for (const panel of document.querySelectorAll("[data-screen]")) panel.hidden = panel.dataset.screen !== screen;
    $("kiosk-name").textContent = state.kiosk?.name ?? "Jarvis";
    $("simulator").hidden = !(state.kiosk?.has_badge_simulator && state.link === "open" && phase !== "testing");
    this.#talk(state, phase);
    const t = (name, values) => text(state.language, name, values);
    // French puts a space before these signs, and never a line's end.
    $("notice-text").textContent = (state.session?.notice?.text ?? "").replace(/ ([:;?!»])/g, "\u00a0$1");
    $("farewell-text").textContent = t(FAREWELLS[state.endReason] ?? "farewell_text");
    $("unavailable-text").textContent = t(state.trouble ? `trouble_${state.trouble}` : "unavailable_text");
    if (screen !== this.#screen) this.#enter(screen);
    this.#screen = screen;
  }

  /** When the next try is due, in seconds; null where one is running. */
  countdown(language, seconds) {
    $("retry-in").textContent = seconds > 0 ? text(language, "retry_in", { seconds }) : text(language, "retry_soon");
  }

  #speak({ language }) {
    if (language === this.#language) return;
    this.#language = language;
    document.documentElement.lang = language;
    for (const part of document.querySelectorAll("[data-text]")) part.textContent = text(language, part.dataset.text);
    for (const part of document.querySelectorAll("[data-label]")) part.ariaLabel = text(language, part.dataset.label);
    for (const part of document.querySelectorAll("[data-placeholder]")) part.placeholder = text(language, part.dataset.placeholder);
    for (const button of document.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    }
  }

  #talk(state, phase) {
    const { session, language } = state;
    const t = (name, values) => text(language, name, values);
    $("greeting").textContent = !session ? "" : session.firstName ? t("greeting", { name: session.firstName }) : t("guest");
    $("status").textContent = session ? this.#status(state, phase, t) : "";
    $("hint").textContent = session ? this.#hint(state, t) : "";
    showCaptions($("captions"), session?.turns ?? [], language);
    $("ideas").hidden = Boolean(session?.turns.length) || phase === "degraded";
    $("mute").hidden = !session || session.mode === "text" || ["denied", "missing"].includes(state.microphone);
    $("mute").textContent = t(state.isMuted ? "unmute" : "mute");
    $("mute").setAttribute("aria-pressed", String(state.isMuted));
    $("analysis").hidden = !session?.notice || session.notice.analysis === null;
    $("analysis-text").textContent = session?.notice ? t(session.notice.analysis ? "analysis_yes" : "analysis_no") : "";
  }

  #status(state, phase, t) {
    const { session } = state;
    if (state.isResuming) return t("link_back");
    if (state.link !== "open") return t("link_lost");
    if (phase === "degraded") return session.message || t("upstream_lost");
    if (phase === "listening" && session.mode === "text") return t("text_only");
    if (phase === "listening" && state.isMuted) return t("muted");
    if (phase === "listening" && session.isHearing) return t("hearing");
    return t(phase === "consent" || phase === "connecting" ? "connecting" : phase);
  }

  #hint(state, t) {
    const { session } = state;
    if (state.trouble) return t(`trouble_${state.trouble}`);
    if (session.waiting.length > 0) return t("waiting");
    if (session.hint) return t(session.hint);
    if (state.isSoundBlocked) return t("sound_blocked");
    if (session.mode === "voice" && state.microphone === "denied") return t("microphone_denied");
    if (session.mode === "voice" && state.microphone === "missing") return t("microphone_missing");
    return OUTCOMES[session.outcome] ? t(OUTCOMES[session.outcome]) : "";
  }

  /** A new screen begins at its own beginning, and without what was being typed on the one before. */
  #enter(screen) {
    if (screen !== "talk" && screen !== "consent") {
      $("message").value = "";
      $("keyboard").hidden = true;
      $("keyboard-toggle").setAttribute("aria-expanded", "false");
    }
    scrollTo(0, 0);
    if (this.#screen !== null && document.activeElement !== document.body) {
      // Whoever works by keyboard goes on from the new screen, not from a button that is gone.
      const heading = document.querySelector(`[data-screen="${screen}"] h1`);
      if (heading && !document.activeElement.checkVisibility?.()) {
        heading.tabIndex = -1;
        heading.focus();
      }
    }
  }
}
