// One item, whole: all its pictures, all it is known by, why it was found, and what can be asked about it.

import { getItem } from "./api.js";
import { askBox } from "./ask.js";
import { explained, rank } from "./card.js";
import { breakable, element, price, readable } from "./dom.js";
import { label } from "./facets.js";
import { gallery } from "./gallery.js";
import { showEvidence } from "./heat.js";
import { suggestionBoxes } from "./suggestions.js";

// `does`: what can be done with the hit; `can`: what of it makes sense now.
export async function fillDetail(shown, hit, does, can) {
  const signal = shown.begin();
  const item = await getItem(hit.id, signal);
  const pictures = gallery(item, Math.min(hit.picture_index, item.pictures.length - 1));
  const explanation = explained(hit, (claim) => showEvidence(pictures.stage, claim, { id: hit.id, index: pictures.shown() }), true);
  const deed = (name, words) => element("button", { type: "button", class: "button quiet", onclick: () => does[name](hit) }, words);
  shown.fill(pictures.whole, element("div", { class: "facts" },
    element("h2", { id: "detail-title" }, item.title || item.id),
    element("p", { class: "price" }, price(item.metadata)),
    hit.explanation ? element("section", { class: "why-here", "aria-label": "Why it is here" }, rank(hit), ...explanation) : null,
    element("p", { class: "actions" }, deed("more", "More like this"), can.less ? deed("less", "Less like this") : null,
      deed("compare", "Compare"), can.why ? deed("why", "Why is it here?") : null),
    table(item),
    ...suggestionBoxes(item.suggestions ?? hit.suggestions),
    askBox(item, { picture: pictures.shown, signal })));
}

function table(item) {
  const rows = [["id", item.id], ...Object.entries(item.metadata)].filter(([name, value]) => name !== "price" && readable(value) !== "");
  return element("table", {}, element("tbody", {}, ...rows.map(([name, value]) =>
    element("tr", {}, element("th", { scope: "row" }, label(name)), element("td", {}, ...breakable(readable(value)))))));
}
