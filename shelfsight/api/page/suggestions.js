// What a model said of an item when it was indexed: apart from the merchant's own fields, and marked as such.

import { element, percent } from "./dom.js";
import { label } from "./facets.js";

export function suggestionBoxes(suggestions) {
  const byModel = Map.groupBy(Object.entries(suggestions ?? {}), ([, { model }]) => model);
  return [...byModel].map(([model, entries]) => element("section", { class: "suggested" },
    element("h3", {}, `Suggested by ${model}`),
    element("dl", {}, ...entries.flatMap(([field, { value, probability }]) => [
      element("dt", {}, label(field)),
      element("dd", {}, value, Number.isFinite(probability) ? element("span", { class: "note" }, ` ${percent(probability)} likely`) : null),
    ])),
    element("p", { class: "note" }, "Seen in the picture by a model; not the merchant's words.")));
}
