// Sound at the device's rate becomes sound at the protocol's: a windowed-sinc filter, so that what is too high for
// the lower rate is taken out instead of being folded into the voice. Pure; runs in the audio thread.

const PHASES = 256;
const HALF_TAPS = 16;

export class Resampler {
  #step;
  #half;
  #table;
  #kept;
  #position;

  /** From and to are sample rates in hertz. */
  constructor(from, to) {
    this.#step = from / to;
    const cutoff = 0.94 * Math.min(1, to / from);
    this.#half = Math.ceil(HALF_TAPS / Math.min(1, to / from));
    this.#table = kernels(this.#half, cutoff);
    this.#kept = new Float32Array(2 * this.#half);
    this.#position = this.#half;
  }

  /** The samples that these complete; what they begin is kept for the next call. */
  push(samples) {
    const half = this.#half;
    const input = new Float32Array(this.#kept.length + samples.length);
    input.set(this.#kept);
    input.set(samples, this.#kept.length);
    const output = [];
    while (this.#position + half < input.length) {
      const whole = Math.floor(this.#position);
      const kernel = this.#table[Math.floor((this.#position - whole) * PHASES)];
      let sum = 0;
      for (let tap = 0; tap < 2 * half; tap += 1) sum += input[whole - half + 1 + tap] * kernel[tap];
      output.push(sum);
      this.#position += this.#step;
    }
    const from = Math.max(0, Math.floor(this.#position) - half);
    this.#kept = input.slice(from);
    this.#position -= from;
    return Float32Array.from(output);
  }
}

/** Whole numbers from -32768 to 32767 of samples from -1 to 1; louder is cut. */
export function pcm16(samples) {
  return Int16Array.from(samples, (sample) => Math.max(-32768, Math.min(32767, Math.round(sample * 32767))));
}

function kernels(half, cutoff) {
  return Array.from({ length: PHASES }, (_, phase) => {
    const kernel = Float32Array.from({ length: 2 * half }, (_unused, tap) => {
      const x = tap - half + 1 - phase / PHASES;
      const window = 0.5 + 0.5 * Math.cos((Math.PI * x) / half);
      return (x === 0 ? cutoff : Math.sin(Math.PI * cutoff * x) / (Math.PI * x)) * window;
    });
    const sum = kernel.reduce((total, value) => total + value, 0);
    return kernel.map((value) => value / sum);
  });
}
