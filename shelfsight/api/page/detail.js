// One item, whole: all its pictures and all it is known by.

import { getItem, itemUrl, thumbnailUrl } from "./api.js";
import { element, price, readable } from "./dom.js";
import { label } from "./facets.js";

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
  dialog.replaceChildren(
    element("button", { type: "button", class: "close icon-button", onclick: close, "aria-label": "Close" }, "✕"),
    gallery(item, hit.picture_index),
    element("div", { class: "facts" },
      element("h2", { id: "detail-title" }, name),
      element("p", { class: "price" }, price(item.metadata)),
      table(item),
      element("p", { class: "actions" },
        element("button", { type: "button", class: "button", onclick: like }, "More like this"))));
  dialog.onclick = (event) => event.target === dialog && close();
  if (!dialog.open) dialog.showModal();
}

function gallery(item, first) {
  const large = element("img", { alt: `${item.title || item.id}` });
  const original = element("a", { class: "original", target: "_blank", rel: "noopener" }, "Open the original");
  const show = (index) => {
    large.src = thumbnailUrl(item.id, index, 1024);
    original.href = itemUrl(item.id, `/pictures/${index}`);
    for (const button of strip.children) button.setAttribute("aria-pressed", String(button.dataset.index === String(index)));
  };
  const strip = element("div", { class: "strip" }, ...item.pictures.map(({ index }) =>
    element("button", { type: "button", "data-index": String(index), "aria-label": `Picture ${index + 1}`, onclick: () => show(index) },
      element("img", { src: thumbnailUrl(item.id, index, 128), alt: "" }))));
  strip.hidden = item.pictures.length < 2;
  show(first);
  return element("div", { class: "gallery" }, element("div", { class: "stage" }, large), strip, original);
}

function table(item) {
  const rows = [["id", item.id], ...Object.entries(item.metadata)].filter(([name, value]) => name !== "price" && readable(value) !== "");
  return element("table", {}, element("tbody", {}, ...rows.map(([name, value]) =>
    element("tr", {}, element("th", { scope: "row" }, label(name)), element("td", {}, readable(value))))));
}
