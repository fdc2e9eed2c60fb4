// A hit as a card.

import { thumbnailUrl } from "./api.js";
import { claimList } from "./claims.js";
import { element, percent, price, readable } from "./dom.js";
import { showEvidence } from "./heat.js";
import { icon } from "./icons.js";
import { photo } from "./photo.js";

// `does`: what can be done with a hit, by name; `can.less`: whether something is looked for that it can be taken from;
// `soon`: it is among the first.
export function card(hit, does, can, { soon = false } = {}) {
  const name = hit.title || hit.id;
  const picture = photo(thumbnailUrl(hit.id, hit.picture_index, 320), {
    onerror: (event) => event.target.replaceWith(element("span", { class: "broken" }, "Picture not available")),
  }, { soon });
  const frame = element("span", { class: "frame" }, picture);
  const open = element("button", { type: "button", class: "open", "data-key": "open", onclick: () => does.open(hit), "aria-label": `Details of ${name}` }, frame);
  const brand = readable(hit.metadata.brand);
  return element("li", { class: "card", "data-id": hit.id, "data-picture": String(hit.picture_index) },
    open,
    rank(hit),
    element("div", { class: "about" },
      element("p", { class: "title", title: name }, name),
      brand && !name.includes(brand) ? element("p", { class: "brand-name" }, brand) : null,
      ...explained(hit, (claim) => showEvidence(open.firstChild, claim, { id: hit.id, index: hit.picture_index })),
      reasons(hit),
      element("p", { class: "line" }, element("span", { class: "price" }, price(hit.metadata)), worth(hit))),
    deeds(hit, name, does, can));
}

function deeds(hit, name, does, can) {
  const deed = (key, words, label, ...shown) => element("button", { type: "button", class: `deed ${key}`, "data-key": key, title: words,
    onclick: () => does[key](hit), "aria-label": `${label} ${name}` }, ...shown);
  return element("div", { class: "deeds" },
    deed("more", "More like this", "More like", icon("more", 14), "More"),
    can.less ? deed("less", "Less like this", "Less like", icon("less", 14), "Less") : null,
    element("span", { class: "room" }),
    deed("compare", "Compare with another", "Compare", icon("compare", 17)),
    can.why ? deed("why", "Why is it here?", "Why is it here:", icon("why", 19)) : null);
}

// The sentence of an explanation and its claims.
export function explained({ explanation }, onShow, whole = false) {
  if (!explanation) return [];
  return [
    explanation.sentence ? element("p", { class: "sentence" }, explanation.sentence) : null,
    explanation.claims.length ? claimList(explanation.claims, { onShow, whole }) : null,
  ];
}

// Where a hit is now and where it was before the second look.
export function rank({ rank: now, ranks }) {
  if (!ranks?.rerank) return null;
  const before = ranks.retrieval;
  if (!before || before === now) return element("p", { class: "rank" }, `#${now}`);
  const [direction, arrow] = before > now ? ["up", "▲"] : ["down", "▼"];
  return element("p", { class: `rank ${direction}` }, `#${now} `,
    element("span", { class: "was" }, element("span", { "aria-hidden": "true" }, `${arrow} `), `was ${before}`));
}

// Why it stands where it does besides its score: pinned, an exact number.
const reasons = ({ reasons: said = [] }) => (said.length ? element("p", { class: "reasons" }, said.map(readable).join(", ")) : null);

export function worth({ score, relevance, graded }) {
  const cosine = score === undefined ? "" : `Cosine similarity ${score.toFixed(4)}`;
  if (relevance !== undefined) {
    const title = [graded ? "A rough grade, no probability" : "", cosine].filter(Boolean).join(". ");
    return element("span", { class: "score", title }, `${percent(relevance)} likely relevant`);
  }
  return score === undefined ? null : element("span", { class: "score", title: cosine }, score.toFixed(2));
}

export const skeletons = (count) => Array.from({ length: count }, () =>
  element("li", { class: "card skeleton", "aria-hidden": "true" }, element("span", { class: "frame" }),
    element("div", { class: "about" }, element("p", { class: "title" }), element("p", { class: "line" }))));
