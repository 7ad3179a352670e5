// The loudspeaker: plays answers, says how much of each was heard, and stops within a few milliseconds.

import { loudness } from "./microphone.js";

const RATE_HZ = 24_000;
// A browser that waits for a touch before it makes a sound is told from one that is only slow.
const BLOCKED_MS = 700;

export class Speaker {
  #on;
  #context = null;
  #node = null;
  #gain = null;
  #analyser = null;
  #starting = null;
  #volume = 1;
  #epoch = 0;

  /** `on` gets progress(item, ms), stopped(item, ms), blocked() and running(). */
  constructor(on) {
    this.#on = on;
  }

  /** Sound may be made; called at the first touch too, as some browsers wait for one. */
  async wake() {
    this.#starting ??= this.#start();
    try {
      await this.#starting;
    } catch {
      // The line is cut, perhaps: tried again at the next touch or sound, and until then the words go on alone.
      this.#starting = null;
      return false;
    }
    if (this.#context.state !== "running") await Promise.race([this.#context.resume(), pause(BLOCKED_MS)]);
    const isRunning = this.#context.state === "running";
    if (isRunning) this.#on.running();
    return isRunning;
  }

  async play(item, pcm) {
    const epoch = this.#epoch;
    if (!(await this.wake())) {
      // Without sound the words on the screen go on, and the answer counts as not heard.
      this.#on.blocked();
      this.#on.stopped(item, 0);
      return;
    }
    if (epoch === this.#epoch) this.#node.port.postMessage({ type: "push", item, samples: pcm }, [pcm.buffer]);
  }

  /** The item is complete: when its last piece was played, `stopped` is told. */
  async finish(item) {
    const epoch = this.#epoch;
    if ((await this.wake()) && epoch === this.#epoch) this.#node.port.postMessage({ type: "end", item });
  }

  silence() {
    this.#epoch += 1;
    this.#node?.port.postMessage({ type: "clear" });
  }

  /** 0 to 1. */
  setVolume(volume) {
    this.#volume = Math.max(0, Math.min(1, volume));
    if (this.#gain) this.#gain.gain.value = this.#volume;
  }

  level() {
    return loudness(this.#analyser);
  }

  async #start() {
    const context = new AudioContext({ sampleRate: RATE_HZ, latencyHint: "interactive" });
    try {
      await context.audioWorklet.addModule(new URL("./player_worklet.js", import.meta.url));
    } catch (error) {
      context.close();
      throw error;
    }
    this.#context = context;
    this.#node = new AudioWorkletNode(this.#context, "jarvis-player", { numberOfInputs: 0, outputChannelCount: [1] });
    this.#gain = this.#context.createGain();
    this.#gain.gain.value = this.#volume;
    this.#analyser = this.#context.createAnalyser();
    this.#analyser.fftSize = 1024;
    this.#node.connect(this.#analyser).connect(this.#gain).connect(this.#context.destination);
    this.#node.port.onmessage = ({ data }) => {
      // What left the queue is still on its way to the ear.
      const delay = 1000 * ((this.#context.baseLatency || 0) + (this.#context.outputLatency || 0));
      const ms = data.type === "progress" ? Math.max(0, data.ms - delay) : data.ms;
      this.#on[data.type](data.item, ms);
    };
  }
}

/** The bytes of base64 PCM16 as samples. */
export function samplesOf(base64) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new Int16Array(bytes.buffer, 0, bytes.length >> 1);
}

/** Samples as base64 PCM16. */
export function base64Of(pcm) {
  return btoa(String.fromCharCode(...new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength)));
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
