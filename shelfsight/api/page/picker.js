// Which collection to search, where there are several.

import { getCollections } from "./api.js";
import { element } from "./dom.js";

// Gives what shows another choice, made elsewhere.
export async function drawPicker(place, chosen, onChoose) {
  let all;
  try {
    all = await getCollections();
  } catch {
    return () => {}; // who may search one collection alone need not know of the others
  }
  const names = new Set([...all.map(({ name }) => name), ...all.flatMap(({ aliases = [] }) => aliases)]);
  if (names.size < 2) return () => {};
  const usual = all.find((each) => each.default)?.name;
  const select = place.querySelector("select");
  select.replaceChildren(...[...names].map((name) => element("option", { value: name }, name)));
  const show = (name) => (select.value = name ?? usual ?? "");
  show(chosen);
  select.addEventListener("change", () => onChoose(select.value === usual ? null : select.value));
  place.hidden = false;
  return show;
}
