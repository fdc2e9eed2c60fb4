// What narrows the answer, as chips that can be taken away.

import { getItem, itemUrl, thumbnailUrl } from "./api.js";
import { element } from "./dom.js";
import { label } from "./facets.js";
import { icon } from "./icons.js";
import { photo } from "./photo.js";
import { countFilters, looksFor } from "./state.js";

export function drawChips(place, state, { onToggle, onRange, onClear, onUnlike }) {
  const focused = [...place.querySelectorAll("button")].indexOf(document.activeElement);
  const chips = [];
  for (const id of state.like) chips.push(itemChip("Like", id, onUnlike));
  if (looksFor(state)) for (const id of state.unlike) chips.push(itemChip("Not like", id, onUnlike));
  for (const [field, values] of state.values) {
    for (const value of values) chips.push(chip(`${label(field)}: ${value}`, () => onToggle(field, value, false)));
  }
  for (const [field, { low, high }] of state.ranges) {
    chips.push(chip(`${label(field)}: ${spanned(low, high)}`, () => onRange(field, null, null)));
  }
  if (countFilters(state) > 1) {
    chips.push(element("li", {}, element("button", { type: "button", class: "link", onclick: onClear }, "Clear filters")));
  }
  place.hidden = chips.length === 0;
  place.replaceChildren(...chips);
  const buttons = place.querySelectorAll("button");
  if (focused >= 0) (buttons[Math.min(focused, buttons.length - 1)] ?? document.getElementById("results")).focus({ preventScroll: true });
}

const spanned = (low, high) => {
  if (low === null) return `up to ${high}`;
  return high === null ? `from ${low}` : `${low} – ${high}`;
};

function chip(text, onRemove, { picture = null, kind = "" } = {}) {
  return element("li", { class: `chip ${kind}` }, picture, element("span", {}, text),
    element("button", { type: "button", onclick: onRemove, "aria-label": `Remove ${text}` }, icon("close", 12)));
}

// Address of an item -> what it is called: an id may be another item's in another collection.
const titles = new Map();

function itemChip(words, id, onRemove) {
  const place = itemUrl(id);
  const picture = photo(thumbnailUrl(id, 0, 64), { onerror: (event) => event.target.remove() });
  const made = chip(`${words} ${titles.get(place) ?? id}`, () => onRemove(id), { picture, kind: words === "Like" ? "" : "not" });
  if (titles.has(place)) return made;
  getItem(id).then(({ title }) => {
    titles.set(place, title ? `“${title}”` : id);
    made.querySelector("span").textContent = `${words} ${titles.get(place)}`;
  }, () => {});
  return made;
}
