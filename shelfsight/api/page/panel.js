// The panel of filters: sliders and choices. Redrawn with every answer; what has the focus keeps it.

import { numberOf } from "./address.js";
import { facet, ordered } from "./facets.js";
import { range } from "./ranges.js";

const opened = new Set();
let last = null;

// `known`: fields, all values without any filter and the span of each number field; `counts` and `spreads`: of now.
export function drawPanel(panel, drawn, handlers) {
  const said = saidOf(drawn);
  if (said === last?.said) return;
  if (panel.querySelector("input[type=range]:active")) return; // a thumb that is held is not taken away
  last = { panel, drawn, handlers, said };
  const { known, counts, spreads, state } = drawn;
  const before = document.activeElement;
  const focused = panel.contains(before) ? before.dataset.key : undefined;
  const choices = ordered(Object.keys(known.facets)).map((field) => facet(field, {
    all: known.facets[field], now: counts[field] ?? {}, chosen: state.values.get(field) ?? new Set(), whole: opened.has(field),
  }, { onToggle: handlers.onToggle, onOpen: unfold })).filter(Boolean);
  const sliders = [...known.spans].map(([field, span]) =>
    range(field, { span, spread: spreads.get(field), low: null, high: null, ...state.ranges.get(field) }, handlers.onRange));
  panel.replaceChildren(...choices.slice(0, 1), ...sliders, ...choices.slice(1));
  if (focused === undefined) return;
  const again = panel.querySelector(`[data-key="${CSS.escape(focused)}"]`);
  again?.focus({ preventScroll: true });
  // A number half typed is kept.
  if (again?.type === "number" && numberOf(before.value) !== numberOf(before.defaultValue)) again.value = before.value;
}

// All that the panel shows: the same is not drawn again.
const saidOf = ({ known, counts, spreads, state }) =>
  JSON.stringify([Object.keys(known.facets), [...known.spans], counts, [...spreads], [...state.values].map(([field, values]) => [field, ...values]), [...state.ranges], [...opened]]);

function unfold(field) {
  if (!opened.delete(field)) opened.add(field);
  drawPanel(last.panel, last.drawn, last.handlers);
}
