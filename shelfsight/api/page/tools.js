// How hits are found and ordered: by pictures or words too, in which order, and from what likelihood on.

import { element } from "./dom.js";
import { label } from "./facets.js";

const MODES = [["vector", "Pictures"], ["hybrid", "Pictures and words"]];
const LEAST = [["", "Any relevance"], ["0.1", "10% or likelier"], ["0.25", "25% or likelier"], ["0.5", "50% or likelier"], ["0.75", "75% or likelier"]];

// Drawn once: afterwards only the chosen values change.
export function tools(place, { onChange }) {
  const modes = MODES.map(([value, words]) => element("label", {},
    element("input", { type: "radio", name: "mode", value, onchange: () => onChange({ mode: value }) }), element("span", {}, words)));
  const sort = choice("Order", (value) => onChange({ sort: value }));
  const least = choice("Relevance", (value) => onChange({ least: value === "" ? null : Number(value) }));
  place.replaceChildren(element("fieldset", { class: "segments" }, element("legend", { class: "hidden" }, "Compare the words with"), ...modes), sort.whole, least.whole);

  return function draw(state, { numbers, searching }) {
    for (const { firstChild: input } of modes) input.checked = input.value === state.mode;
    fill(sort.select, orders(numbers, searching), state.sort);
    fill(least.select, LEAST, state.least === null ? "" : String(state.least));
    least.select.disabled = !searching;
  };
}

function choice(name, onPick) {
  const select = element("select", { "aria-label": name, onchange: (event) => onPick(event.target.value) });
  return { select, whole: element("label", { class: "pick" }, select) };
}

function orders(numbers, searching) {
  const first = ["", searching ? "Best match first" : "In catalogue order"];
  return [first, ...numbers.flatMap((field) => [[field, `${label(field)}, lowest first`], [`-${field}`, `${label(field)}, highest first`]])];
}

// A value that is not among the usual ones came with the address.
function fill(select, options, value) {
  const all = options.some(([each]) => each === value) ? options : [...options, [value, value]];
  if (JSON.stringify(all) !== select.dataset.all) {
    select.dataset.all = JSON.stringify(all);
    select.replaceChildren(...all.map(([each, words]) => element("option", { value: each }, words)));
  }
  select.value = value;
}
