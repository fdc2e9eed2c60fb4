// What narrows the answer, as chips that can be taken away.

import { getItem, thumbnailUrl } from "./api.js";
import { element } from "./dom.js";
import { label } from "./facets.js";
import { countFilters } from "./state.js";

export function drawChips(place, state, { onToggle, onRange, onClear, onUnlike }) {
  const chips = [];
  if (state.like) chips.push(likeChip(state.like, onUnlike));
  for (const [field, values] of state.values) {
    for (const value of values) chips.push(chip(`${label(field)}: ${value}`, () => onToggle(field, value, false)));
  }
  if (state.low !== null || state.high !== null) {
    const text = `Price: ${state.low ?? "0"} – ${state.high ?? "any"}`;
    chips.push(chip(text, () => onRange(null, null)));
  }
  if (countFilters(state) > 1) {
    chips.push(element("li", {}, element("button", { type: "button", class: "link", onclick: onClear }, "Clear filters")));
  }
  place.hidden = chips.length === 0;
  place.replaceChildren(...chips);
}

function chip(text, onRemove, picture = null) {
  return element("li", { class: "chip" }, picture, element("span", {}, text),
    element("button", { type: "button", onclick: onRemove, "aria-label": `Remove ${text}` }, "✕"));
}

function likeChip(id, onRemove) {
  const made = chip(`Like ${id}`, onRemove, element("img", { src: thumbnailUrl(id, 0, 64), alt: "" }));
  getItem(id).then(({ title }) => title && (made.querySelector("span").textContent = `Like “${title}”`), () => {});
  return made;
}
