// The conversation in words: one line a turn, in the order of the record, changed in place and wiped as a whole.

import { text } from "./texts.js";

/** The list shows exactly these turns. */
export function showCaptions(list, turns, language) {
  const shown = turns.filter((turn) => turn.text || turn.isLost || (turn.role === "member" && !turn.isFinal));
  const known = new Map([...list.children].map((line) => [line.dataset.item, line]));
  const ids = new Set(shown.map((turn) => turn.id));
  for (const [id, line] of known) if (!ids.has(id)) line.remove();
  let hasNews = false;
  shown.forEach((turn, index) => {
    const line = known.get(turn.id) ?? made(turn);
    if (list.children[index] !== line) list.insertBefore(line, list.children[index] ?? null);
    hasNews = told(line, turn, language) || hasNews;
  });
  if (hasNews) list.scrollTop = list.scrollHeight;
}

function made(turn) {
  const line = document.createElement("div");
  const speaker = document.createElement("span");
  const words = document.createElement("p");
  speaker.className = "speaker";
  line.dataset.item = turn.id;
  line.append(speaker, words);
  return line;
}

function told(line, turn, language) {
  const [speaker, words] = line.children;
  const said = turn.isLost ? text(language, "not_understood") : turn.text || "…";
  line.dataset.role = turn.role;
  // A reader of screens hears a turn once it is whole, not each of its syllables.
  line.setAttribute("aria-busy", String(!turn.isFinal));
  line.classList.toggle("pending", !turn.isFinal);
  line.classList.toggle("cut", Boolean(turn.isCut));
  speaker.textContent = text(language, turn.role === "member" ? "you" : "jarvis");
  if (turn.isCut) speaker.textContent += ` (${text(language, "interrupted")})`;
  if (words.textContent === said) return false;
  words.textContent = said;
  return true;
}
