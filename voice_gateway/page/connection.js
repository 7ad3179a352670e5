// One websocket to the gateway, kept open: who we are is asked first, then the socket opens, and after each loss
// it is tried again, later and later, until it stands. Knows nothing of what the events mean.

// Often while a session may still be resumed, which is 12 s by the gateway's default; then patiently.
const PAUSES_MS = [500, 1_000, 2_000, 2_000, 2_000, 2_000, 4_000, 8_000, 15_000];
// Sound that the network does not take for so long is a network that is gone.
const MAX_UNSENT_BYTES = 256 * 1024;
const OPEN_MS = 8_000;
const SUBPROTOCOL = "jarvis.kiosk.v1";

/** Milliseconds to wait before try number `tries`: longer each time, and never the same for all kiosks of a gym. */
export function pauseBefore(tries, random = Math.random) {
  return PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)] * (0.8 + 0.4 * random());
}

export class Connection {
  #base;
  #on;
  #socket = null;
  #tries = 0;
  #timer = null;
  #isWanted = false;
  retryAt = null;

  /** `base` is /kiosk/{slug}; `on` gets known(kiosk), unknown(), suspended(), event(event), open(), lost(). */
  constructor(base, on) {
    this.#base = base;
    this.#on = on;
    addEventListener("online", () => this.#isWanted && !this.isOpen && this.#again(0));
    // The browser knows that the cable is out long before a socket notices.
    addEventListener("offline", () => this.#drop());
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  start() {
    this.#isWanted = true;
    this.#again(0);
  }

  /** Tried at once, as somebody asked for it. */
  retryNow() {
    if (this.#isWanted && !this.isOpen) this.#again(0);
  }

  /** A new socket in place of this one, with whatever token the browser has now. */
  reconnect() {
    this.#tries = 0;
    this.#drop();
  }

  stop() {
    this.#isWanted = false;
    clearTimeout(this.#timer);
    this.#forgetSocket()?.close();
  }

  send(event) {
    if (!this.isOpen) return;
    if (this.#socket.bufferedAmount > MAX_UNSENT_BYTES) this.#drop();
    else this.#socket.send(JSON.stringify(event));
  }

  #again(milliseconds) {
    clearTimeout(this.#timer);
    this.retryAt = performance.now() + milliseconds;
    this.#timer = setTimeout(() => this.#open(), milliseconds);
  }

  async #open() {
    this.#forgetSocket()?.close();
    let kiosk;
    try {
      const answer = await fetch(`${this.#base}/session`, { method: "POST", signal: AbortSignal.timeout(OPEN_MS) });
      if (answer.status === 401 || answer.status === 404) {
        this.stop();
        this.#on.unknown();
        return;
      }
      if (answer.status === 403 && (await answer.json()).error?.code === "gym_suspended") {
        this.#on.suspended();
        throw new Error("suspended");
      }
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      kiosk = await answer.json();
    } catch {
      this.#lost();
      return;
    }
    if (!this.#isWanted) return;
    this.#on.known(kiosk);
    const url = new URL(`${this.#base}/realtime`, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    // The assistant speaks first to whoever badged.
    url.searchParams.set("greet", "1");
    const socket = new WebSocket(url, [SUBPROTOCOL]);
    this.#socket = socket;
    const giveUp = setTimeout(() => socket === this.#socket && !this.isOpen && this.#drop(), OPEN_MS);
    socket.onopen = () => {
      clearTimeout(giveUp);
      this.#tries = 0;
      this.retryAt = null;
      this.#on.open();
    };
    socket.onmessage = ({ data }) => this.#on.event(JSON.parse(data));
    socket.onclose = () => {
      clearTimeout(giveUp);
      if (socket === this.#socket) this.#drop();
    };
  }

  #forgetSocket() {
    const socket = this.#socket;
    this.#socket = null;
    if (socket) socket.onopen = socket.onmessage = socket.onclose = null;
    return socket;
  }

  #drop() {
    this.#forgetSocket()?.close();
    if (this.#isWanted) this.#lost();
  }

  #lost() {
    this.#again(pauseBefore(this.#tries));
    this.#tries += 1;
    this.#on.lost();
  }
}
