// What is said in place of hits, and above them.

import { byId, element, milliseconds, sentence } from "./dom.js";
import { countFilters } from "./state.js";

export function drawNotice(message, hint, ...actions) {
  const place = byId("notice");
  place.hidden = false;
  place.setAttribute("role", "alert");
  place.replaceChildren(element("p", { class: "message" }, message), element("p", { class: "hint" }, hint), ...actions);
}

export const action = (words, run) => element("button", { type: "button", class: "button", onclick: run }, words);

// `asked`: the state; `known`: the collection; `does`: ways out.
export function drawNothing(asked, known, { clearFilters, anyRelevance, byRelevance }) {
  const words = asked.text.trim();
  if (known.total === 0) {
    drawNotice("This collection is empty.", "Index a catalogue into it: shelfsight index CATALOGUE -c COLLECTION");
  } else if (asked.least !== null) {
    drawNotice(words ? `Nothing matches “${words}”.` : "Nothing matches.", `No item that passes the filters is ${Math.round(asked.least * 100)}% likely to be what you mean.`,
      action("Show the closest", anyRelevance));
  } else if (words && asked.sort && countFilters(asked) === 0) {
    drawNotice(`Nothing matches “${words}” well enough to be put in order.`, "Only items that are likely to be what you mean are sorted.",
      action("Show the closest", byRelevance));
  } else {
    drawNotice("Nothing passes these filters.", "Take one away, or start again.", action("Clear filters", clearFilters));
  }
}

// In parts: how long it took matters least, and not at all where there is little room.
export function statusOf(page, { searching, sort }) {
  if (page.total === 0) return [];
  const count = `${page.total.toLocaleString()} items`;
  if (!searching) return [count];
  const time = page.trace?.total === undefined ? null : element("span", { class: "time" }, ` · ${milliseconds(page.trace.total)}`);
  return [sort ? count : `${count}, best match first`, time].filter(Boolean);
}

// Honest words above hits that are not what was asked for, and where words were read as others.
export function remarks({ corrections, warnings = [] }) {
  const read = Object.entries(corrections ?? {}).map(([typed, found]) => `“${typed}” is in no item: read as “${found}”.`);
  return [...warnings.map(sentence), ...read];
}
