// In the audio thread: plays pieces of answers one after the other and counts, item by item, what was played.

const REPORT_MS = 200;
const FADE_SAMPLES = 240;

class Player extends AudioWorkletProcessor {
  #queue = [];
  #item = null;
  #played = 0;
  #reported = 0;
  #fade = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => {
      if (data.type !== "clear") this.#queue.push({ ...data, at: 0 });
      // The last few milliseconds fade: a sound cut at its height clicks.
      else if (this.#item !== null || this.#queue.length > 0) this.#fade = FADE_SAMPLES;
    };
  }

  process(_inputs, [output]) {
    const channel = output[0];
    for (let index = 0; index < channel.length; index += 1) {
      const sample = this.#next();
      channel[index] = this.#fade > 0 ? sample * (this.#fade / FADE_SAMPLES) : sample;
      if (this.#fade > 0) {
        this.#fade -= 1;
        if (this.#fade === 0) this.#cut();
      }
    }
    for (const other of output.slice(1)) other.set(channel);
    if (this.#item !== null && this.#ms() - this.#reported >= REPORT_MS) this.#report("progress");
    return true;
  }

  #next() {
    while (this.#queue.length > 0) {
      const head = this.#queue[0];
      if (head.type === "end") {
        this.#queue.shift();
        if (head.item === this.#item) this.#stop();
        continue;
      }
      if (head.item !== this.#item) {
        this.#stop();
        this.#item = head.item;
      }
      if (head.at < head.samples.length) {
        this.#played += 1;
        head.at += 1;
        return head.samples[head.at - 1] / 32768;
      }
      this.#queue.shift();
    }
    return 0;
  }

  #cut() {
    this.#queue = [];
    this.#stop();
  }

  #stop() {
    if (this.#item !== null) this.#report("stopped");
    this.#item = null;
    this.#played = 0;
    this.#reported = 0;
  }

  #report(type) {
    this.#reported = this.#ms();
    this.port.postMessage({ type, item: this.#item, ms: this.#reported });
  }

  #ms() {
    return (this.#played * 1000) / sampleRate;
  }
}

registerProcessor("jarvis-player", Player);
