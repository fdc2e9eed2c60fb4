// Two items side by side: what differs first, then what was claimed of each, then what is the same.

import { getItem, thumbnailUrl } from "./api.js";
import { rank, worth } from "./card.js";
import { claimList } from "./claims.js";
import { breakable, element, price, readable } from "./dom.js";
import { label } from "./facets.js";
import { photo } from "./photo.js";

// `hits`: as they stand in the list, or with their id alone.
export async function fillCompare(shown, hits, { onOpen }) {
  const signal = shown.begin();
  const items = await Promise.all(hits.map(({ id }) => getItem(id, signal)));
  const fields = [...new Set(["id", ...items.flatMap(({ metadata }) => Object.keys(metadata))])];
  const rows = fields.map((field) => [field, items.map((item) => (field === "id" ? item.id : readable(item.metadata[field])))]);
  const differs = ([, [a, b]]) => a !== b;
  shown.fill(
    element("h2", { id: "compare-title" }, "Compare"),
    element("div", { class: "pair" }, ...hits.map((hit, place) => side(hit, items[place], onOpen))),
    table("What differs", rows.filter(differs), items),
    table("The same in both", rows.filter((row) => !differs(row)), items));
}

function side(hit, item, onOpen) {
  const name = item.title || item.id;
  const claims = hit.explanation?.claims ?? [];
  return element("section", { "aria-label": name },
    element("button", { type: "button", class: "frame", onclick: () => onOpen(hit), "aria-label": `Details of ${name}` },
      photo(thumbnailUrl(item.id, Math.min(hit.picture_index, item.pictures.length - 1), 640))),
    element("h3", {}, name),
    element("p", { class: "line" }, element("span", { class: "price" }, price(item.metadata)), hit.score === undefined ? null : worth(hit)),
    rank(hit) ?? (hit.rank ? element("p", { class: "rank" }, `#${hit.rank}`) : null),
    hit.explanation?.sentence ? element("p", { class: "sentence" }, hit.explanation.sentence) : null,
    claims.length ? claimList(claims, { onShow: () => {}, whole: true }) : null);
}

function table(caption, rows, items) {
  if (!rows.length) return null;
  const kept = rows.filter(([, values]) => values.some((value) => value !== ""));
  return element("table", { class: "versus" }, element("caption", {}, caption),
    element("thead", { class: "hidden" }, element("tr", {}, element("th", { scope: "col" }, "Field"),
      ...items.map(({ id, title }) => element("th", { scope: "col" }, title || id)))),
    element("tbody", {}, ...kept.map(([field, values]) => element("tr", {}, element("th", { scope: "row" }, label(field)),
      ...(values[0] === values[1] ? values.slice(0, 1) : values).map((value, _, { length }) => element("td", { colspan: String(3 - length) }, ...breakable(value || "—")))))));
}
