// Hits as cards.

import { thumbnailUrl } from "./api.js";
import { element, price, readable } from "./dom.js";

export function card(hit, { onOpen, onLike }) {
  const name = hit.title || hit.id;
  const picture = element("img", {
    src: thumbnailUrl(hit.id, hit.picture_index, 320), alt: "", loading: "lazy", decoding: "async",
    onerror: (event) => event.target.replaceWith(element("span", { class: "broken" }, "Picture not available")),
  });
  const open = element("button", { type: "button", class: "open", onclick: () => onOpen(hit), "aria-label": `Details of ${name}` },
    element("span", { class: "frame" }, picture));
  const brand = readable(hit.metadata.brand);
  const score = hit.score === undefined ? null
    : element("span", { class: "score", title: `Cosine similarity ${hit.score.toFixed(4)}` }, hit.score.toFixed(2));
  const like = element("button", { type: "button", class: "like", onclick: () => onLike(hit), "aria-label": `More like ${name}` }, "More like this");
  return element("li", { class: "card", "data-id": hit.id },
    open,
    element("div", { class: "about" },
      element("p", { class: "title", title: name }, name),
      brand && !name.includes(brand) ? element("p", { class: "brand-name" }, brand) : null,
      element("p", { class: "line" }, element("span", { class: "price" }, price(hit.metadata)), score)),
    like);
}

export function skeletons(count) {
  return Array.from({ length: count }, () =>
    element("li", { class: "card skeleton", "aria-hidden": "true" }, element("span", { class: "frame" }),
      element("div", { class: "about" }, element("p", { class: "title" }), element("p", { class: "line" }))));
}
