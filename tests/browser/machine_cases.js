// The page's pure modules, case by case, in the browser that runs them: name → what went wrong, or null.
// Wrapped by test_kiosk_page.py into a function of the page's own modules.
({ machine, session, connection, resampler }) => {
  const { initial, phaseOf, step, wantsMicrophone } = machine;
  const kiosk = { slug: "borne", name: "Borne", language: "fr", has_badge_simulator: false };
  const idle = run(initial(), { type: "page.known", kiosk }, { type: "link.open" });
  const said = (event) => ({ type: "gateway", event });
  const known = said({ type: "kiosk.member.identified", session_id: "s1", first_name: "Léa", language: "fr" });
  const notice = said({ type: "kiosk.notice", session_id: "s1", language: "fr", text: "Texte", version: "1", needs_answer: true, analysis: null });
  const answered = said({ type: "kiosk.notice", session_id: "s1", language: "fr", text: "Texte", version: "1", needs_answer: false, analysis: true });
  const ready = said({ type: "kiosk.ready", session_id: "s1" });
  const closed = (id, reason = "idle") => said({ type: "kiosk.session.closed", session_id: id, reason });
  const begun = run(idle, known, notice, answered, ready);
  const item = (id, role, previous, text) => said({
    type: "conversation.item.added", previous_item_id: previous,
    item: { id, type: "message", role, content: text ? [{ type: "input_text", text }] : [] },
  });
  const speaking = run(
    begun, said({ type: "input_audio_buffer.speech_started", item_id: "u1" }),
    said({ type: "input_audio_buffer.speech_stopped", item_id: "u1" }), said({ type: "input_audio_buffer.committed", item_id: "u1" }),
    said({ type: "response.created", response: { id: "r1" } }), item("a1", "assistant", "u1"),
    said({ type: "response.output_audio_transcript.delta", item_id: "a1", delta: "Bonjour à vous Léa" }),
    said({ type: "response.output_audio.delta", item_id: "a1", delta: btoa("\0".repeat(48_000)) }),
  );

  const cases = {
    "the microphone stays closed until the notice is answered": () => {
      equal(wantsMicrophone(run(idle, known, notice, ready)), false);
      equal(phaseOf(run(idle, known, notice, ready)), "consent");
      equal(wantsMicrophone(begun), true);
    },
    "an answer to the notice is sent once and closes it": () => {
      const { state, effects } = step(run(idle, known, notice), { type: "ui.consent", analysis: false });
      equal(sent(effects), [{ type: "kiosk.consent", analysis: false }]);
      equal(phaseOf(state), "connecting");
    },
    "words are not sent while the notice is open": () => {
      equal(step(run(idle, known, notice, ready), { type: "ui.say", text: "Bonjour" }).effects, []);
    },
    "a closed session leaves nothing of the member": () => {
      const after = run(speaking, closed("s1"));
      equal(after.session, null);
      equal(JSON.stringify(after).includes("Léa"), false);
      equal(phaseOf(after), "farewell");
    },
    "a gym suspended in mid-session says so beside the answer, then in its place": () => {
      const suspended = said({ type: "error", error: { code: "gym_suspended", message: "…" } });
      const told = run(speaking, suspended);
      equal([phaseOf(told), told.trouble], ["speaking", "suspended"]);
      const after = run(told, closed("s1", "operator"), { type: "link.lost", now: 1 }, { type: "page.suspended" });
      equal([phaseOf(after), after.session, after.trouble], ["unavailable", null, "suspended"]);
      equal(phaseOf(run(after, { type: "link.open" }, { type: "tick", now: 60_000 })), "idle");
    },
    "the close of another session changes nothing": () => equal(run(begun, closed("s0")).session, begun.session),
    "late events of a closed session are not believed": () => {
      equal(run(begun, closed("s1"), ready, known).session, null);
      equal(run(begun, closed("s1"), item("u9", "user", null, "tard")).session, null);
    },
    "a second badge forgets the first member before anything of the second is shown": () => {
      const second = said({ type: "kiosk.member.identified", session_id: "s2", first_name: "Paul", language: "fr" });
      const after = run(speaking, second);
      equal(JSON.stringify(after.session).includes("Léa"), false);
      equal(after.session.firstName, "Paul");
      equal(after.session.turns, []);
      equal(phaseOf(run(speaking, closed("s1", "second_badge"))), "connecting");
    },
    "words of the session before do not appear in the next": () => {
      const next = run(begun, closed("s1"), said({ type: "kiosk.member.unknown", session_id: "s2", outcome: "unknown" }));
      const late = run(next, said({ type: "conversation.item.input_audio_transcription.completed", item_id: "u1", transcript: "secret" }));
      equal(JSON.stringify(late).includes("secret"), false);
    },
    "listening, thinking, speaking, listening": () => {
      equal(phaseOf(begun), "listening");
      const asked = run(begun, said({ type: "input_audio_buffer.committed", item_id: "u1" }));
      equal(phaseOf(asked), "thinking");
      equal(phaseOf(speaking), "speaking");
      const done = run(speaking, said({ type: "response.done", response: { id: "r1", status: "completed" } }));
      equal(phaseOf(done), "speaking");
      equal(phaseOf(run(done, { type: "speaker.stopped", item: "a1", ms: 1000 })), "listening");
    },
    "a tool's response is followed by another: still thinking": () => {
      const first = run(begun, said({ type: "response.created", response: { id: "r1" } }));
      const done = run(first, said({ type: "response.done", response: { id: "r1", metadata: { jarvis_continues: "1" } } }));
      equal(phaseOf(done), "thinking");
    },
    "barge-in stops the sound, and late pieces of the answer are not played": () => {
      const { state, effects } = step(speaking, said({ type: "input_audio_buffer.speech_started", item_id: "u2" }));
      equal(effects, [{ type: "silence" }]);
      equal(step(state, said({ type: "response.output_audio.delta", item_id: "a1", delta: "AAAA" })).effects, []);
    },
    "typing over an answer cancels it and speaks when it is done": () => {
      const heard = run(speaking, { type: "speaker.progress", item: "a1", ms: 400 });
      const { state, effects } = step(heard, { type: "ui.say", text: "Stop" });
      equal(sent(effects).map((event) => event.type), ["conversation.item.truncate", "response.cancel"]);
      const after = step(state, said({ type: "response.done", response: { id: "r1", status: "cancelled" } }));
      equal(sent(after.effects).map((event) => event.type), ["conversation.item.create", "response.create"]);
    },
    "a truncated answer shows what was heard": () => {
      const cut = run(speaking, said({ type: "conversation.item.truncated", item_id: "a1", audio_end_ms: 500 }));
      equal(cut.session.turns.find((turn) => turn.id === "a1").text, session.heardText("Bonjour à vous Léa", 500, 1000));
      equal(session.heardText("Bonjour à vous Léa", 500, 1000), "Bonjour à");
    },
    "turns follow their items, not the arrival of their words": () => {
      const late = run(begun, item("a1", "assistant", null), item("a2", "assistant", "u1"), item("u1", "user", "a1", "oui"));
      equal(late.session.turns.map((turn) => turn.id), ["a1", "u1", "a2"]);
      const chain = run(begun, item("u1", "user", null, "un"), item("a1", "assistant", "u1"), item("u2", "user", "u1", "deux"));
      equal(chain.session.turns.map((turn) => turn.id), ["u1", "u2", "a1"]);
    },
    "playback is reported with its item": () => {
      const { effects } = step(speaking, { type: "speaker.progress", item: "a1", ms: 200.4 });
      equal(sent(effects), [{ type: "kiosk.playback", item_id: "a1", played_ms: 200 }]);
    },
    "a cut line stops the sound, keeps the words and asks to resume": () => {
      const { state: cut, effects } = step(speaking, { type: "link.lost", now: 0 });
      equal(effects, [{ type: "silence" }]);
      equal(phaseOf(cut), "degraded");
      equal(wantsMicrophone(cut), false);
      const typed = run(cut, { type: "ui.say", text: "Toujours là ?" });
      equal(typed.session.waiting, ["Toujours là ?"]);
      const { effects: asked } = step(typed, { type: "link.open" });
      equal(sent(asked), [{ type: "kiosk.session.resume", session_id: "s1" }]);
      const { state: back, effects: told } = step(run(typed, { type: "link.open" }), said({ type: "kiosk.session.resumed", session_id: "s1" }));
      equal(sent(told).map((event) => event.type), ["conversation.item.create", "response.create"]);
      equal(back.session.waiting, []);
    },
    "after fourteen seconds without a line nothing of the member is left": () => {
      const cut = run(speaking, { type: "link.lost", now: 1_000 });
      equal(run(cut, { type: "tick", now: 14_900 }).session === null, false);
      equal(run(cut, { type: "tick", now: 15_100 }).session, null);
    },
    "a resumption that is refused ends the conversation": () => {
      const back = run(speaking, { type: "link.lost", now: 0 }, { type: "link.open" });
      const after = run(back, said({ type: "error", error: { code: "no_session" } }));
      equal(after.session, null);
      equal(phaseOf(after), "farewell");
    },
    "a provider that is away is said, and ends when it is back": () => {
      const lost = run(begun, said({ type: "kiosk.upstream", session_id: "s1", state: "retrying", message: "Un instant." }));
      equal(phaseOf(lost), "degraded");
      equal(lost.session.message, "Un instant.");
      equal(phaseOf(run(lost, said({ type: "kiosk.upstream", session_id: "s1", state: "ready" }))), "listening");
    },
    "without budget for the voice the microphone closes": () => {
      const text = run(speaking, said({ type: "kiosk.mode", session_id: "s1", mode: "text", reason: "budget" }));
      equal(wantsMicrophone(text), false);
      // What is being said is heard to its end.
      equal(text.session.playing, speaking.session.playing);
    },
    "a chosen language is told when the session opens, and forgotten with it": () => {
      const english = run(idle, { type: "ui.language", language: "en", now: 0 });
      const { state, effects } = step(english, known);
      equal(sent(effects), [{ type: "kiosk.language", language: "en" }]);
      equal(state.language, "en");
      equal(run(state, closed("s1")).language, "fr");
      equal(run(english, { type: "tick", now: 60_000 }).language, "fr");
    },
    "a member's own language is the page's": () => {
      equal(run(idle, said({ type: "kiosk.member.identified", session_id: "s1", first_name: "Ana", language: "es" })).language, "es");
    },
    "muting ends with the session": () => {
      const muted = run(begun, { type: "ui.mute" });
      equal(muted.isMuted, true);
      equal(run(muted, closed("s1")).isMuted, false);
    },
    "a revoked token ends the session and is asked about": () => {
      const { state, effects } = step(begun, said({ type: "error", error: { code: "invalid_token" } }));
      equal(state.session, null);
      equal(effects.at(-1), { type: "reconnect" });
      equal(run(state, { type: "page.unknown" }).screen, "provisioning");
    },
    "events nobody knows change nothing": () => equal(run(begun, said({ type: "jarvis.unheard_of" }), { type: "ui.nothing" }), begun),
    "waiting grows with each try, up to a quarter of a minute": () => {
      const waits = [0, 1, 2, 5, 6, 7, 8, 50].map((tries) => connection.pauseBefore(tries, () => 0.5));
      equal(waits, [500, 1_000, 2_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
      equal(connection.pauseBefore(8, () => 1) < 18_001 && connection.pauseBefore(0, () => 0) >= 400, true);
    },
    "resampling keeps the voice and takes out what would fold into it": () => {
      for (const [from, hertz, low, high] of [[48_000, 1_000, 0.7, 0.715], [44_100, 1_000, 0.7, 0.715], [16_000, 1_000, 0.7, 0.715], [48_000, 15_000, 0, 0.01]]) {
        const filter = new resampler.Resampler(from, 24_000);
        const out = [];
        for (let at = 0; at < from / 2; at += 128) {
          out.push(...filter.push(Float32Array.from({ length: 128 }, (_, i) => Math.sin((2 * Math.PI * hertz * (at + i)) / from))));
        }
        const tail = out.slice(1_000);
        const loud = Math.sqrt(tail.reduce((sum, one) => sum + one * one, 0) / tail.length);
        equal([loud >= low, loud <= high], [true, true]);
        equal(Math.abs(out.length - 12_000) < 200, true);
      }
      equal([...resampler.pcm16(Float32Array.from([0, 1, -1, 2, -2]))], [0, 32767, -32767, 32767, -32768]);
    },
  };

  function run(state, ...events) {
    return events.reduce((now, event) => step(now, event).state, state);
  }
  function sent(effects) {
    return effects.filter((effect) => effect.type === "send").map((effect) => effect.event);
  }
  function equal(found, expected) {
    const [left, right] = [JSON.stringify(found), JSON.stringify(expected)];
    if (left !== right) throw new Error(`found ${left}, expected ${right}`);
  }

  return Object.fromEntries(Object.entries(cases).map(([name, check]) => {
    try {
      check();
      return [name, null];
    } catch (error) {
      return [name, String(error)];
    }
  }));
}
