// Hits as cards.

import { thumbnailUrl } from "./api.js";
import { claimList } from "./claims.js";
import { element, percent, price, readable } from "./dom.js";
import { showEvidence } from "./heat.js";

const GLIDE = { duration: 280, easing: "ease" };

export function card(hit, { onOpen, onLike }) {
  const name = hit.title || hit.id;
  const picture = element("img", {
    src: thumbnailUrl(hit.id, hit.picture_index, 320), alt: "", loading: "lazy", decoding: "async",
    onerror: (event) => event.target.replaceWith(element("span", { class: "broken" }, "Picture not available")),
  });
  const frame = element("span", { class: "frame" }, picture);
  const open = element("button", { type: "button", class: "open", "data-key": "open", onclick: () => onOpen(hit), "aria-label": `Details of ${name}` }, frame);
  const brand = readable(hit.metadata.brand);
  const like = element("button", { type: "button", class: "like", "data-key": "like", onclick: () => onLike(hit), "aria-label": `More like ${name}` }, "More like this");
  return element("li", { class: "card", "data-id": hit.id, "data-picture": String(hit.picture_index) },
    open,
    rank(hit),
    element("div", { class: "about" },
      element("p", { class: "title", title: name }, name),
      brand && !name.includes(brand) ? element("p", { class: "brand-name" }, brand) : null,
      ...explained(hit, (claim) => showEvidence(open.firstChild, claim, { id: hit.id, index: hit.picture_index })),
      element("p", { class: "line" }, element("span", { class: "price" }, price(hit.metadata)), worth(hit))),
    like);
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

function worth({ score, relevance, graded }) {
  const cosine = score === undefined ? "" : `Cosine similarity ${score.toFixed(4)}`;
  if (relevance !== undefined) {
    const title = [graded ? "A rough grade, no probability" : "", cosine].filter(Boolean).join(". ");
    return element("span", { class: "score", title }, `${percent(relevance)} likely relevant`);
  }
  return score === undefined ? null : element("span", { class: "score", title: cosine }, score.toFixed(2));
}

// The same list in another order: pictures stay loaded, the focus stays where it was, and cards glide to their places.
export function rearrange(grid, cards) {
  const old = new Map([...grid.children].map((card) => [card.dataset.id, { card, place: card.getBoundingClientRect() }]));
  const { key } = document.activeElement.dataset;
  const focused = document.activeElement.closest("#grid > .card")?.dataset.id;
  for (const card of cards) takeOver(card, old.get(card.dataset.id)?.card);
  grid.replaceChildren(...cards);
  const again = cards.find((card) => card.dataset.id === focused);
  if (again) (again.querySelector(`[data-key="${CSS.escape(key)}"]`) ?? again.querySelector(".open")).focus({ preventScroll: true });
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const card of cards) glide(card, old.get(card.dataset.id)?.place);
}

function takeOver(card, before) {
  const picture = before?.dataset.picture === card.dataset.picture ? before.querySelector(".frame > img") : null;
  if (picture) card.querySelector(".frame > img").replaceWith(picture);
}

function glide(card, from) {
  if (!from) return;
  const to = card.getBoundingClientRect();
  const [x, y] = [from.left - to.left, from.top - to.top];
  const seen = [from, to].some(({ top, bottom }) => bottom > 0 && top < innerHeight);
  if (seen && (x || y)) card.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: "none" }], GLIDE);
}

export function skeletons(count) {
  return Array.from({ length: count }, () =>
    element("li", { class: "card skeleton", "aria-hidden": "true" }, element("span", { class: "frame" }),
      element("div", { class: "about" }, element("p", { class: "title" }), element("p", { class: "line" }))));
}
