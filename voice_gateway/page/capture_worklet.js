// In the audio thread: what the microphone hears becomes frames of 40 ms, 24 kHz, mono, PCM16.

import { Resampler, pcm16 } from "./resampler.js";

const RATE_HZ = 24_000;
const FRAME_SAMPLES = 960;

class Capture extends AudioWorkletProcessor {
  #resampler = new Resampler(sampleRate, RATE_HZ);
  #frame = new Float32Array(FRAME_SAMPLES);
  #filled = 0;

  process([input]) {
    if (!input[0]) return true;
    for (const sample of this.#resampler.push(input[0])) {
      this.#frame[this.#filled] = sample;
      this.#filled += 1;
      if (this.#filled === FRAME_SAMPLES) {
        const frame = pcm16(this.#frame);
        this.port.postMessage(frame, [frame.buffer]);
        this.#filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("jarvis-capture", Capture);
