// All pictures of an item: one large, the others to choose from.

import { itemUrl, thumbnailUrl } from "./api.js";
import { element } from "./dom.js";
import { showEvidence } from "./heat.js";
import { currentKey } from "./key.js";
import { addressOf } from "./keyed.js";
import { photo, show } from "./photo.js";

export function gallery(item, first) {
  const large = element("img", { alt: `${item.title || item.id}` });
  const original = element("a", { class: "original", target: "_blank", rel: "noopener" }, "Open the original");
  const stage = element("div", { class: "stage" }, large);
  let shown = first;
  original.addEventListener("click", (event) => {
    if (!currentKey()) return;
    event.preventDefault(); // a plain link would come without the key
    addressOf(original.href).then((address) => open(address, "_blank", "noopener"), () => {});
  });
  const choose = (index) => {
    shown = index;
    showEvidence(stage, null, {});
    show(large, thumbnailUrl(item.id, index, 1024));
    original.href = itemUrl(item.id, `/pictures/${index}`);
    for (const button of strip.children) button.setAttribute("aria-pressed", String(button.dataset.index === String(index)));
  };
  const strip = element("div", { class: "strip" }, ...item.pictures.map(({ index }) =>
    element("button", { type: "button", "data-index": String(index), "aria-label": `Picture ${index + 1}`, onclick: () => choose(index) },
      photo(thumbnailUrl(item.id, index, 128)))));
  strip.hidden = item.pictures.length < 2;
  choose(first);
  return { whole: element("div", { class: "gallery" }, stage, strip, original), stage, shown: () => shown };
}
