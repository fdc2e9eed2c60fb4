// One item, whole: all its pictures, all it is known by, why it was found, and what can be asked about it.

import { getItem, itemUrl, thumbnailUrl } from "./api.js";
import { askBox } from "./ask.js";
import { element, price, readable } from "./dom.js";
import { label } from "./facets.js";
import { explained, rank } from "./grid.js";
import { showEvidence } from "./heat.js";
import { suggestionBoxes } from "./suggestions.js";

let wanted = null;

export async function showDetail(dialog, hit, { onLike, onFail }) {
  wanted = hit;
  let item;
  try {
    item = await getItem(hit.id);
  } catch (problem) {
    if (wanted === hit) onFail(problem);
    return;
  }
  if (wanted !== hit) return; // another one was asked for meanwhile
  const close = () => dialog.close();
  const name = item.title || item.id;
  const like = () => {
    close();
    onLike(hit);
  };
  const ended = new AbortController();
  const pictures = gallery(item, hit.picture_index);
  const explanation = explained(hit, (claim) => showEvidence(pictures.stage, claim, { id: hit.id, index: pictures.shown() }), true);
  dialog.replaceChildren(
    element("button", { type: "button", class: "close icon-button", onclick: close, "aria-label": "Close" }, "✕"),
    pictures.whole,
    element("div", { class: "facts" },
      element("h2", { id: "detail-title" }, name),
      element("p", { class: "price" }, price(item.metadata)),
      hit.explanation ? element("section", { class: "why", "aria-label": "Why it is here" }, rank(hit), ...explanation) : null,
      table(item),
      ...suggestionBoxes(item.suggestions ?? hit.suggestions),
      askBox(item, { picture: pictures.shown, signal: ended.signal }),
      element("p", { class: "actions" },
        element("button", { type: "button", class: "button", onclick: like }, "More like this"))));
  dialog.onclick = (event) => {
    if (event.target === dialog) close(); // a value given back would keep links and forms from working
  };
  dialog.onclose = () => ended.abort();
  if (!dialog.open) dialog.showModal();
}

function gallery(item, first) {
  const large = element("img", { alt: `${item.title || item.id}` });
  const original = element("a", { class: "original", target: "_blank", rel: "noopener" }, "Open the original");
  const stage = element("div", { class: "stage" }, large);
  let shown = first;
  const show = (index) => {
    shown = index;
    showEvidence(stage, null, {});
    large.src = thumbnailUrl(item.id, index, 1024);
    original.href = itemUrl(item.id, `/pictures/${index}`);
    for (const button of strip.children) button.setAttribute("aria-pressed", String(button.dataset.index === String(index)));
  };
  const strip = element("div", { class: "strip" }, ...item.pictures.map(({ index }) =>
    element("button", { type: "button", "data-index": String(index), "aria-label": `Picture ${index + 1}`, onclick: () => show(index) },
      element("img", { src: thumbnailUrl(item.id, index, 128), alt: "" }))));
  strip.hidden = item.pictures.length < 2;
  show(first);
  return { whole: element("div", { class: "gallery" }, stage, strip, original), stage, shown: () => shown };
}

function table(item) {
  const rows = [["id", item.id], ...Object.entries(item.metadata)].filter(([name, value]) => name !== "price" && readable(value) !== "");
  return element("table", {}, element("tbody", {}, ...rows.map(([name, value]) =>
    element("tr", {}, element("th", { scope: "row" }, label(name)), element("td", {}, readable(value))))));
}
