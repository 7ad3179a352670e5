// Microphone and speaker tried by whoever installs the kiosk: a level, a tone, one second there and back.
// Nothing of it leaves the page.

const RATE_HZ = 24_000;
const HEARD_LEVEL = 0.06;
const TONES_HZ = [330, 660];
const TONE_SECONDS = 0.6;

export class SelfTest {
  #parts;
  #microphone;
  #speaker;
  #texts;
  #messages = { microphone: null, tone: null, record: null };
  #hasHeard = false;
  #recording = null;

  /** `microphone.onFrame` frames come by `hear`. */
  constructor(parts, { microphone, speaker, texts }) {
    this.#parts = parts;
    this.#microphone = microphone;
    this.#speaker = speaker;
    this.#texts = texts;
    parts.microphone.onclick = () => this.#listen();
    parts.tone.onclick = () => this.#tone();
    parts.record.onclick = () => this.#record();
  }

  /** True once the microphone was heard in this run of the page, false once it was not, null while untried. */
  isMicrophoneOk = null;

  close() {
    this.#microphone.close();
    this.#hasHeard = false;
    this.#recording = null;
    this.#messages = { microphone: null, tone: null, record: null };
    this.#level(0);
  }

  hear(pcm) {
    const level = this.#microphone.level();
    this.#level(level);
    if (level > HEARD_LEVEL && !this.#hasHeard) {
      this.#hasHeard = true;
      this.isMicrophoneOk = true;
      this.#say("microphone", "test_microphone_ok");
    }
    this.#recording?.push(pcm);
  }

  show() {
    for (const [name, message] of Object.entries(this.#messages)) {
      this.#parts[`${name}Message`].textContent = message ? this.#texts(message) : "";
    }
  }

  async #listen() {
    this.#hasHeard = false;
    const isOpen = await this.#microphone.open();
    if (!isOpen) this.isMicrophoneOk = false;
    this.#say("microphone", isOpen ? "test_microphone_quiet" : "microphone_denied");
    return isOpen;
  }

  async #tone() {
    this.#say("tone", "test_tone_playing");
    const samples = TONES_HZ.flatMap((hertz) => tone(hertz));
    const isHeard = await this.#play("test-tone", Int16Array.from(samples));
    this.#say("tone", isHeard ? "test_tone_done" : "test_blocked");
  }

  async #record() {
    if (this.#recording || !(this.#microphone.isOpen || (await this.#listen()))) return;
    this.#say("record", "test_recording");
    this.#recording = [];
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const samples = Int16Array.from((this.#recording ?? []).flatMap((frame) => [...frame]));
    this.#recording = null;
    if (!samples.some((sample) => Math.abs(sample) > 300)) {
      this.#say("record", "test_nothing_heard");
      return;
    }
    this.#say("record", "test_playing");
    const isHeard = await this.#play("test-record", samples);
    this.#say("record", isHeard ? "test_record_done" : "test_blocked");
  }

  async #play(item, samples) {
    const seconds = samples.length / RATE_HZ;
    if (!(await this.#speaker.wake())) return false;
    await this.#speaker.play(item, samples);
    await this.#speaker.finish(item);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    return true;
  }

  #level(level) {
    const percent = Math.round(level * 100);
    this.#parts.level.setAttribute("aria-valuenow", String(percent));
    this.#parts.level.style.setProperty("--level", level.toFixed(3));
  }

  #say(part, message) {
    this.#messages[part] = message;
    this.show();
  }
}

function tone(hertz) {
  const count = Math.round(TONE_SECONDS * RATE_HZ);
  return Array.from({ length: count }, (_, index) => {
    const edge = Math.min(1, index / 600, (count - index) / 600);
    return Math.round(9_000 * edge * Math.sin((2 * Math.PI * hertz * index) / RATE_HZ));
  });
}
