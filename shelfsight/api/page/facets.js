// Fields whose values are a choice, with the count of each.

import { breakable, element } from "./dom.js";

const SHOWN = 8;
const FIRST = ["category", "kind", "type", "brand", "colour", "color", "pattern", "gender", "season"];

export function ordered(fields) {
  const place = (field) => (FIRST.includes(field) ? FIRST.indexOf(field) : FIRST.length);
  return [...fields].sort((a, b) => place(a) - place(b) || a.localeCompare(b));
}

// `now`: value -> count; `all`: the same without any filter, which keeps the order of values steady; `null` where there
// is nothing to choose.
export function facet(field, { all, now, chosen, whole }, { onToggle, onOpen }) {
  const values = merged(all, now, chosen);
  if (!values.length) return null;
  const shown = whole ? values : values.filter(([value], index) => index < SHOWN || chosen.has(value));
  const rows = shown.map(([value, count]) => choice(field, value, count, chosen.has(value), onToggle));
  const hidden = values.length - shown.length;
  const more = hidden > 0 || whole
    ? element("button", { type: "button", class: "link", "data-key": `more:${field}`, "aria-expanded": String(whole), onclick: () => onOpen(field) },
        whole ? "Show fewer" : `Show ${hidden} more`)
    : null;
  return element("fieldset", { class: "facet" }, element("legend", {}, label(field)), ...rows, more);
}

function merged(all, now, chosen) {
  const values = new Set([...Object.keys(all), ...Object.keys(now), ...chosen]);
  return [...values].map((value) => [value, now[value] ?? 0]).filter(([value, count]) => count > 0 || chosen.has(value));
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

export const label = (field) => field.charAt(0).toUpperCase() + field.slice(1).replaceAll("_", " ");
