// The keyboard: what each key does, and the list of them that `?` shows.

import { byId, element } from "./dom.js";
import { walk } from "./grid.js";

const SHOWN = [
  ["/", "Search"], ["← ↑ → ↓", "Walk over the hits"], ["Enter", "Details of the hit"],
  ["M", "More like it"], ["L", "Less like it"], ["C", "Compare it with another"], ["W", "Why is it here?"],
  ["Esc", "Close, clear, leave"], ["?", "These keys"],
];
const DEEDS = { m: "more", l: "less", c: "compare", w: "why" };

// `query`: the search box; `onClear` empties it.
export function listenToKeys({ query, grid, onClear }) {
  const dialog = byId("keys");
  dialog.querySelector("dl").append(...SHOWN.flatMap(([key, words]) => [element("dt", {}, element("kbd", {}, key)), element("dd", {}, words)]));
  dialog.addEventListener("click", (event) => (event.target === dialog || event.target.closest("[data-does=close]")) && dialog.close());
  document.addEventListener("click", (event) => event.target.closest?.("[data-does=keys]") && dialog.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (taken(event)) event.preventDefault();
  });

  function taken({ key, target }) {
    if (target === query) return inQuery(key);
    if (target.matches?.("input:not([type=checkbox], [type=radio]), select, textarea")) return false;
    if (key === "/") return focus(query);
    if (key === "?") return show(dialog);
    return grid.contains(target) && onCard(key, target.closest(".card"));
  }

  function inQuery(key) {
    if (key === "ArrowDown") return walk(grid, "Home");
    if (key !== "Escape") return false;
    if (query.value) onClear();
    else query.blur();
    return true;
  }

  function onCard(key, card) {
    if (key.startsWith("Arrow") || key === "Home" || key === "End") return walk(grid, key) || (key === "ArrowUp" && focus(query));
    if (key === "Escape") return document.activeElement.matches(".claim") ? false : focus(query);
    const deed = card?.querySelector(`.deed.${DEEDS[key.toLowerCase()]}`);
    deed?.click();
    return Boolean(deed);
  }
}

function focus(input) {
  input.focus();
  input.select();
  return true;
}

function show(dialog) {
  dialog.showModal();
  return true;
}
