// The microphone: open only while a member may speak, closed, light out, as soon as not. Gives frames and a level.

const FRAME_MS = 40;
// Enough quiet for the other side to hear the end of a sentence that muting cut.
const QUIET_FRAMES = 1_000 / FRAME_MS;
const SILENCE = new Int16Array(960);

export class Microphone {
  #onFrame;
  #onState;
  #wanted = 0;
  #stream = null;
  #context = null;
  #analyser = null;
  #quiet = 0;
  #isMuted = false;

  constructor({ onFrame, onState }) {
    this.#onFrame = onFrame;
    this.#onState = onState;
  }

  get isOpen() {
    return this.#stream !== null;
  }

  /** The microphone gives frames; false where it is refused or missing. */
  async open() {
    if (this.#stream) return true;
    const turn = (this.#wanted += 1);
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: { channelCount: 1, echoCancellation: true, noiseSuppression: false, autoGainControl: true },
      });
      const context = new AudioContext();
      await context.audioWorklet.addModule(new URL("./capture_worklet.js", import.meta.url));
      if (turn !== this.#wanted) {
        // It was closed while the device was waking up.
        stop(stream, context);
        return false;
      }
      const source = context.createMediaStreamSource(stream);
      const capture = new AudioWorkletNode(context, "jarvis-capture", { numberOfOutputs: 0 });
      this.#analyser = context.createAnalyser();
      this.#analyser.fftSize = 1024;
      source.connect(capture);
      source.connect(this.#analyser);
      capture.port.onmessage = ({ data }) => this.#frame(data);
      stream.getAudioTracks()[0].onended = () => this.#lost();
      this.#stream = stream;
      this.#context = context;
      await context.resume();
      this.#onState("open");
      return true;
    } catch (error) {
      if (turn === this.#wanted) this.#onState(error.name === "NotAllowedError" ? "denied" : "missing");
      return false;
    }
  }

  close() {
    this.#wanted += 1;
    if (!this.#stream) return;
    stop(this.#stream, this.#context);
    this.#stream = this.#context = this.#analyser = null;
    this.#onState("closed");
  }

  mute(isMuted) {
    if (isMuted && !this.#isMuted) this.#quiet = QUIET_FRAMES;
    this.#isMuted = isMuted;
    this.#stream?.getAudioTracks().forEach((track) => (track.enabled = !isMuted));
  }

  /** Loudness now, 0 to 1. */
  level() {
    return this.#isMuted ? 0 : loudness(this.#analyser);
  }

  #frame(pcm) {
    if (!this.#isMuted) this.#onFrame(pcm);
    else if (this.#quiet > 0) {
      this.#quiet -= 1;
      this.#onFrame(SILENCE);
    }
  }

  #lost() {
    this.close();
    this.#onState("missing");
  }
}

/** Root mean square of what the analyser hears, stretched so that ordinary speech fills the scale. */
export function loudness(analyser) {
  if (!analyser) return 0;
  const samples = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(samples);
  const mean = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  return Math.min(1, Math.sqrt(mean) * 5);
}

function stop(stream, context) {
  stream.getTracks().forEach((track) => track.stop());
  context?.close();
}
