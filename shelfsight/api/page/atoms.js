// What the words were understood to ask for, as chips: each can be turned into its opposite or taken away.

import { element } from "./dom.js";

// `atoms`: as the server gave them, or as they were edited (`edited`); `null` where nothing was read yet.
export function drawAtoms(place, atoms, { edited, onChange, onReset }) {
  const focused = document.activeElement?.dataset.key;
  place.hidden = atoms === null || (atoms.length === 0 && !edited);
  if (place.hidden) {
    place.replaceChildren();
    return;
  }
  const chips = atoms.map((atom, index) => chip(atom, index, {
    onTurn: () => onChange(atoms.with(index, turned(atom))),
    onRemove: () => onChange(atoms.toSpliced(index, 1)),
  }));
  if (atoms.length === 0) chips.push(element("li", { class: "lead" }, "nothing in particular"));
  const reset = element("button", { type: "button", class: "link", "data-key": "atom:reset", onclick: onReset }, "Reset");
  place.replaceChildren(element("li", { class: "lead" }, "Looking for"), ...chips, ...(edited ? [element("li", {}, reset)] : []));
  if (focused?.startsWith("atom:")) focusAgain(place, focused);
}

// The filters of the limits among them: every hit passes these.
export const limitsOf = (atoms) =>
  (atoms ?? []).filter(({ kind, filter }) => kind === "limit" && filter).map(({ filter }) => filter);

export const hasLimits = (atoms) => limitsOf(atoms).length > 0;

function turned(atom) {
  const negated = !atom.negated;
  return { ...atom, negated, text: negated ? `not ${atom.term}` : atom.term };
}

function chip(atom, index, { onTurn, onRemove }) {
  const text = atom.text || atom.term;
  const remove = element("button", { type: "button", class: "remove", "data-key": `atom:remove:${index}`, onclick: onRemove,
    "aria-label": `Do not look for ${text}`, title: "Do not look for this" }, "✕");
  if (atom.kind === "limit") return element("li", { class: "atom limit" }, element("span", { class: "words", title: atom.filter ?? "" }, text), remove);
  const turn = element("button", { type: "button", class: "words", "data-key": `atom:turn:${index}`, onclick: onTurn,
    title: atom.negated ? "Left out. Press to ask for it." : "Asked for. Press to leave it out." },
    ...(atom.negated ? [element("b", {}, "not "), atom.term] : [text]));
  return element("li", { class: atom.negated ? "atom not" : "atom" }, turn, remove);
}

function focusAgain(place, key) {
  const buttons = [...place.querySelectorAll("button")];
  const same = buttons.find((button) => button.dataset.key === key);
  (same ?? buttons.at(-1))?.focus({ preventScroll: true });
}
