// The panel of filters: values with counts, and a price range.

import { breakable, element } from "./dom.js";
import { numberOf } from "./state.js";

const SHOWN = 8;
const FIRST = ["category", "kind", "type", "brand", "colour", "color", "pattern", "gender", "season"];

export function ordered(fields) {
  const place = (field) => (FIRST.includes(field) ? FIRST.indexOf(field) : FIRST.length);
  return [...fields].sort((a, b) => place(a) - place(b) || a.localeCompare(b));
}

// `counts`: field -> value -> count now; `all`: the same without any filter, which keeps the order of values steady.
export function drawFacets(panel, { fields, counts, all, state, opened }, { onToggle, onRange, onOpen }) {
  const before = document.activeElement;
  const focused = before?.dataset?.key;
  const groups = ordered(Object.keys(all)).map((field) => {
    const values = merged(all[field], counts[field] ?? {}, state.values.get(field) ?? new Set());
    return values.length ? group(field, values, { state, opened, onToggle, onOpen }) : null;
  }).filter((made) => made !== null);
  if (fields.price === "number") groups.splice(1, 0, priceRange(state, onRange));
  panel.replaceChildren(...groups);
  const again = focused ? panel.querySelector(`[data-key="${CSS.escape(focused)}"]`) : null;
  again?.focus({ preventScroll: true });
  // A price half typed is kept.
  if (again?.type === "number" && before.value !== before.defaultValue) again.value = before.value;
}

function merged(all, now, chosen) {
  const values = new Set([...Object.keys(all), ...Object.keys(now), ...chosen]);
  return [...values].map((value) => [value, now[value] ?? 0]).filter(([value, count]) => count > 0 || chosen.has(value));
}

function group(field, values, { state, opened, onToggle, onOpen }) {
  const chosen = state.values.get(field) ?? new Set();
  const whole = opened.has(field);
  const shown = whole ? values : values.filter(([value], index) => index < SHOWN || chosen.has(value));
  const rows = shown.map(([value, count]) => choice(field, value, count, chosen.has(value), onToggle));
  const hidden = values.length - shown.length;
  const more =
    hidden > 0 || whole
      ? element("button", { type: "button", class: "link", "data-key": `more:${field}`, onclick: () => onOpen(field) },
          whole ? "Show fewer" : `Show ${hidden} more`)
      : null;
  return element("fieldset", { class: "facet" }, element("legend", {}, label(field)), ...rows, more);
}

function choice(field, value, count, on, onToggle) {
  const box = element("input", {
    type: "checkbox",
    checked: on,
    "data-key": `${field}:${value}`,
    onchange: (event) => onToggle(field, value, event.target.checked),
  });
  return element("label", { class: "choice" }, box, element("span", { class: "value", title: value }, ...breakable(value)),
    element("span", { class: "count" }, count.toLocaleString()));
}

function priceRange(state, onRange) {
  const bound = (name, value, key) =>
    element("input", {
      type: "number", min: "0", step: "any", inputmode: "decimal", placeholder: name, "aria-label": `Price ${name}`,
      "data-key": key, value: value === null ? "" : String(value), onchange: read,
    });
  const low = bound("from", state.low, "price:low");
  const high = bound("to", state.high, "price:high");
  function read(event) {
    event.target.defaultValue = event.target.value;
    onRange(numberOf(low.value), numberOf(high.value));
  }
  return element("fieldset", { class: "facet" }, element("legend", {}, "Price"),
    element("div", { class: "range" }, low, element("span", { "aria-hidden": "true" }, "–"), high));
}

export const label = (field) => field.charAt(0).toUpperCase() + field.slice(1).replaceAll("_", " ");
