// Keys on the screen, for kiosks without any: they write into one field, in the layout of the page's language.

const ROWS = {
  fr: ["1234567890", "azertyuiop", "qsdfghjklm", "wxcvbn'éèà", "çêôùœ-,.?!"],
  en: ["1234567890", "qwertyuiop", "asdfghjkl'", "zxcvbnm-,.", "?!"],
  es: ["1234567890", "qwertyuiop", "asdfghjklñ", "zxcvbnmáéí", "óúü-,.¿?¡!"],
};

export class Keyboard {
  #box;
  #field;
  #language = null;

  constructor(box, field) {
    this.#box = box;
    this.#field = field;
  }

  get isOpen() {
    return !this.#box.hidden;
  }

  open(isOpen) {
    this.#box.hidden = !isOpen;
  }

  /** The keys are those of this language. */
  speak(language, { space, erase }) {
    if (language === this.#language) return;
    this.#language = language;
    const rows = ROWS[language].map((characters) => row([...characters].map((one) => this.#key(one, () => this.#write(one)))));
    const wide = this.#key(space, () => this.#write(" "));
    wide.className = "wide";
    this.#box.replaceChildren(...rows, row([wide, this.#key(erase, () => this.#erase())]));
  }

  #key(label, press) {
    const key = document.createElement("button");
    key.type = "button";
    key.textContent = label;
    // The field keeps the focus and its place.
    key.onpointerdown = (event) => event.preventDefault();
    key.onclick = press;
    return key;
  }

  #write(character) {
    const { value, selectionStart, selectionEnd } = this.#field;
    const isFirst = value.trim() === "" || /[.?!]\s*$/.test(value.slice(0, selectionStart));
    const written = isFirst ? character.toUpperCase() : character;
    this.#field.setRangeText(written, selectionStart, selectionEnd, "end");
  }

  #erase() {
    const { selectionStart, selectionEnd } = this.#field;
    const from = selectionStart === selectionEnd ? Math.max(0, selectionStart - 1) : selectionStart;
    this.#field.setRangeText("", from, selectionEnd, "end");
  }
}

function row(keys) {
  const box = document.createElement("div");
  box.append(...keys);
  return box;
}
