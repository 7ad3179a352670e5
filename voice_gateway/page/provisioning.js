// The code of a new screen: six characters on big keys or a keyboard, spent at the gateway, which keeps the token.

export class Provisioning {
  #alphabet;
  #length;
  #code = "";
  #isBusy = false;
  #parts;
  #texts;
  #base;
  #onLinked;
  #message = null;

  /** `texts(name, values)` speaks the page's language; `onLinked({ slug, name })` is told once. */
  constructor(parts, { base, alphabet, length, texts, onLinked }) {
    this.#parts = parts;
    this.#base = base;
    this.#alphabet = alphabet;
    this.#length = length;
    this.#texts = texts;
    this.#onLinked = onLinked;
    for (const character of alphabet) {
      const key = document.createElement("button");
      key.type = "button";
      key.textContent = character;
      key.onclick = () => this.#type(character);
      parts.keys.append(key);
    }
    parts.erase.onclick = () => this.#erase();
    parts.submit.onclick = () => this.#submit();
    addEventListener("keydown", (event) => this.#key(event));
  }

  show() {
    const { output, submit, message, address } = this.#parts;
    const slots = Array.from({ length: this.#length }, (_, index) => {
      const slot = document.createElement("span");
      slot.textContent = this.#code[index] ?? "";
      slot.classList.toggle("next", index === this.#code.length);
      return slot;
    });
    output.replaceChildren(...slots);
    submit.disabled = this.#isBusy;
    message.textContent = this.#message ? this.#texts(...this.#message) : "";
    address.textContent = this.#texts("provision_address", { address: this.#base });
  }

  #type(character) {
    if (this.#isBusy || this.#code.length >= this.#length) return;
    this.#code += character;
    this.#message = null;
    this.show();
  }

  #erase() {
    if (this.#isBusy) return;
    this.#code = this.#code.slice(0, -1);
    this.#message = null;
    this.show();
  }

  #key(event) {
    if (document.body.dataset.state !== "provisioning" || event.ctrlKey || event.metaKey || event.altKey) return;
    const character = event.key.toUpperCase();
    if (event.key === "Backspace") this.#erase();
    else if (event.key === "Enter" && !(event.target instanceof HTMLButtonElement)) this.#submit();
    else if (character.length === 1 && this.#alphabet.includes(character)) this.#type(character);
  }

  async #submit() {
    if (this.#isBusy) return;
    if (this.#code.length < this.#length) {
      this.#say("provision_incomplete");
      return;
    }
    this.#isBusy = true;
    this.#say("provision_checking");
    const outcome = await this.#spend();
    this.#isBusy = false;
    this.#code = "";
    if (outcome.kiosk) {
      this.#say(null);
      this.#onLinked(outcome.kiosk);
    } else this.#say(outcome.problem);
  }

  async #spend() {
    // A new device each time: who was this screen before may be another kiosk of the same gym.
    const body = {
      code: this.#code,
      device_id: `page-${crypto.randomUUID()}`,
      hardware_info: { kind: "page", screen: `${screen.width}x${screen.height}` },
    };
    try {
      const answer = await fetch(`${this.#base}/provision`, {
        method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" },
      });
      if (answer.ok) return { kiosk: await answer.json() };
      if (answer.status === 429) return { problem: "provision_limited" };
      return { problem: answer.status >= 500 ? "provision_away" : "provision_refused" };
    } catch {
      return { problem: "provision_away" };
    }
  }

  #say(...message) {
    this.#message = message[0] ? message : null;
    this.show();
  }
}
