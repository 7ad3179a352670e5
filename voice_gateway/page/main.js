// Puts the page together: events go through the pure machine, its effects are run, the state is shown.

import { Connection } from "./connection.js";
import { Keyboard } from "./keyboard.js";
import { initial, phaseOf, step, wantsMicrophone } from "./machine.js";
import { Microphone } from "./microphone.js";
import { Provisioning } from "./provisioning.js";
import { SelfTest } from "./selftest.js";
import { Speaker, base64Of, samplesOf } from "./speaker.js";
import { Sphere } from "./sphere.js";
import { text } from "./texts.js";
import { View } from "./view.js";

const TICK_MS = 250;
const HEARTBEAT_SECONDS = 60;
const DAY_MS = 86_400_000;

const base = location.pathname.replace(/\/+$/, "");
const $ = (id) => document.getElementById(id);
const now = () => performance.now();

let state = { ...initial(), now: now() };
let networkMs = null;

const view = new View();
const texts = (name, values) => text(state.language, name, values);

const speaker = new Speaker({
  progress: (item, ms) => dispatch({ type: "speaker.progress", item, ms }),
  stopped: (item, ms) => dispatch({ type: "speaker.stopped", item, ms }),
  blocked: () => dispatch({ type: "speaker.blocked" }),
  running: () => state.isSoundBlocked && dispatch({ type: "speaker.running" }),
});

const microphone = new Microphone({
  onFrame: (pcm) => {
    if (state.isTesting) selfTest.hear(pcm);
    else if (wantsMicrophone(state)) connection.send({ type: "input_audio_buffer.append", audio: base64Of(pcm) });
  },
  onState: (microphone) => dispatch({ type: "microphone.state", microphone }),
});

const connection = new Connection(base, {
  known: (kiosk) => {
    // The token says who this screen is; its address follows.
    if (`/kiosk/${kiosk.slug}` !== base) location.replace(`/kiosk/${kiosk.slug}`);
    else if (isOutdated(kiosk.page_version) && !state.session) renew(kiosk.page_version);
    else dispatch({ type: "page.known", kiosk });
  },
  unknown: () => dispatch({ type: "page.unknown" }),
  suspended: () => dispatch({ type: "page.suspended" }),
  open: () => {
    dispatch({ type: "link.open" });
    heartbeat();
  },
  lost: () => dispatch({ type: state.screen === "starting" ? "page.unreachable" : "link.lost", now: now() }),
  event: (event) => dispatch({ type: "gateway", event }),
});

const provisioning = new Provisioning(
  { output: $("code"), keys: $("code-keys"), erase: $("code-erase"), submit: $("code-submit"), message: $("provision-message"), address: $("provision-address") },
  {
    base, texts, alphabet: document.body.dataset.alphabet, length: Number(document.body.dataset.length),
    onLinked: (kiosk) => (`/kiosk/${kiosk.slug}` === base ? connection.start() : location.replace(`/kiosk/${kiosk.slug}`)),
  },
);

const selfTest = new SelfTest(
  { level: $("test-level"), microphone: $("test-microphone"), microphoneMessage: $("test-microphone-message"), tone: $("test-tone"), toneMessage: $("test-tone-message"), record: $("test-record"), recordMessage: $("test-record-message") },
  { microphone, speaker, texts },
);

const keyboard = new Keyboard($("keyboard"), $("message"));
const sphere = new Sphere($("sphere"), $("shape"), () => (phaseOf(state) === "speaking" ? speaker.level() : microphone.level()));

function dispatch(event) {
  const wasTesting = state.isTesting;
  const { state: next, effects } = step(state, event);
  state = next;
  for (const effect of effects) run(effect);
  if (wasTesting && !state.isTesting) selfTest.close();
  if (!state.isTesting) {
    if (wantsMicrophone(state)) microphone.open();
    else microphone.close();
  }
  microphone.mute(state.isMuted);
  show();
}

function run(effect) {
  if (effect.type === "send") connection.send(effect.event);
  else if (effect.type === "play") speaker.play(effect.item, samplesOf(effect.audio));
  else if (effect.type === "played") speaker.finish(effect.item);
  else if (effect.type === "silence") speaker.silence();
  else if (effect.type === "reconnect") connection.reconnect();
  else if (effect.type === "configure" && typeof effect.config.volume === "number") speaker.setVolume(effect.config.volume);
}

function show() {
  view.show(state);
  sphere.phase(phaseOf(state));
  keyboard.speak(state.language, { space: texts("space"), erase: texts("erase") });
  if (state.screen === "provisioning") provisioning.show();
  if (state.isTesting) selfTest.show();
}

function tick() {
  dispatch({ type: "tick", now: now() });
  if (connection.retryAt !== null) view.countdown(state.language, Math.ceil((connection.retryAt - now()) / 1000));
}

/** Once a version: where two gateways of different versions answer in turn, the page does not reload for ever. */
function isOutdated(version) {
  return !import.meta.url.includes(`/${version}/`) && sessionStorage.getItem("renewed") !== version;
}

function renew(version) {
  sessionStorage.setItem("renewed", version);
  location.reload();
}

/** A sign of life now, and the next one when the configuration says; a token that is old enough is renewed at rest. */
async function beat() {
  await heartbeat();
  await rotate();
  setTimeout(beat, (state.config.heartbeat_seconds ?? HEARTBEAT_SECONDS) * 1_000);
}

async function rotate() {
  const days = state.config.rotate_token_days;
  const at = Number(localStorage.getItem("rotatedAt"));
  if (!days || phaseOf(state) !== "idle" || Date.now() - at < days * DAY_MS) return;
  // Written first: a gateway that refuses is asked again in so many days, not every minute.
  localStorage.setItem("rotatedAt", String(Date.now()));
  if (at === 0) return;
  const answer = await fetch(`${base}/rotate`, { method: "POST" }).catch(() => null);
  if (answer?.ok && phaseOf(state) === "idle") connection.reconnect();
}

async function heartbeat() {
  if (!connection.isOpen) return;
  const isBroken = state.microphone === "denied" || state.microphone === "missing";
  const sign = {
    software_version: `page ${import.meta.url.split("/").at(-2)}`,
    microphone_ok: isBroken ? false : selfTest.isMicrophoneOk ?? (state.microphone === "open" ? true : null),
    network_ms: networkMs,
  };
  const began = now();
  try {
    await fetch(`${base}/heartbeat`, {
      method: "POST", body: JSON.stringify(sign), headers: { "Content-Type": "application/json" }, signal: AbortSignal.timeout(8_000),
    });
    networkMs = Math.round(now() - began);
  } catch {
    networkMs = null;
  }
}

const on = (id, type) => ($(id).onclick = () => dispatch({ ...type, now: now() }));
on("start", { type: "ui.start" });
on("end", { type: "ui.end" });
on("consent-end", { type: "ui.end" });
on("consent-yes", { type: "ui.consent", analysis: true });
on("consent-no", { type: "ui.consent", analysis: false });
on("reconsider", { type: "ui.reconsider" });
on("mute", { type: "ui.mute" });
on("test", { type: "ui.test", isOpen: true });
on("test-close", { type: "ui.test", isOpen: false });
$("retry").onclick = () => connection.retryNow();
for (const button of document.querySelectorAll("[data-language]")) {
  button.onclick = () => dispatch({ type: "ui.language", language: button.dataset.language, now: now() });
}
for (const button of document.querySelectorAll("[data-idea]")) {
  button.onclick = () => dispatch({ type: "ui.say", text: button.textContent });
}
$("writing").onsubmit = (event) => {
  event.preventDefault();
  dispatch({ type: "ui.say", text: $("message").value });
  $("message").value = "";
};
$("keyboard-toggle").onclick = () => {
  keyboard.open(!keyboard.isOpen);
  $("keyboard-toggle").setAttribute("aria-expanded", String(keyboard.isOpen));
  if (keyboard.isOpen) $("message").focus();
};
$("simulator").onsubmit = (event) => {
  event.preventDefault();
  const uid = $("simulator-uid").value.trim();
  if (uid) dispatch({ type: "ui.badge", uid });
};
// Some browsers make no sound before the first touch.
addEventListener("pointerdown", () => speaker.wake(), { passive: true });
addEventListener("pagehide", () => connection.stop());

show();
connection.start();
setInterval(tick, TICK_MS);
beat();
