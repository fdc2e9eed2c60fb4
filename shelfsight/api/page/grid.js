// The list of cards. Another answer takes over what was there: pictures stay loaded, the focus stays where it was.

import { drop } from "./photo.js";

const PICTURE = ".frame > img";
const GLIDE = { duration: 280, easing: "ease" };

// `gliding`: it is the same list in another order, and cards move to their new places.
export function rearrange(grid, cards, { gliding = false } = {}) {
  const old = new Map([...grid.children].map((card) => [card.dataset.id, { card, place: gliding ? card.getBoundingClientRect() : null }]));
  const refocus = focusIn(grid);
  for (const card of cards) takeOver(card, old.get(card.dataset.id)?.card);
  for (const picture of grid.querySelectorAll(PICTURE)) drop(picture);
  grid.replaceChildren(...cards);
  refocus(cards);
  if (!gliding || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const card of cards) glide(card, old.get(card.dataset.id)?.place);
}

// One card that knows more now.
export function replaceCard(grid, card) {
  const old = [...grid.children].find(({ dataset }) => dataset.id === card.dataset.id);
  if (!old) return;
  const refocus = focusIn(grid);
  takeOver(card, old);
  old.replaceWith(card);
  refocus([card]);
}

// Remembers what has the focus; called with the new cards, gives it back.
function focusIn(grid) {
  const { key } = document.activeElement.dataset;
  const id = grid.contains(document.activeElement) ? document.activeElement.closest(".card")?.dataset.id : undefined;
  return (cards) => {
    const again = id === undefined ? null : cards.find((card) => card.dataset.id === id);
    (again?.querySelector(`[data-key="${CSS.escape(key)}"]`) ?? again?.querySelector(".open"))?.focus({ preventScroll: true });
  };
}

function takeOver(card, before) {
  const [picture, again] = [before?.querySelector(PICTURE), card.querySelector(PICTURE)];
  if (!picture?.naturalWidth || before.dataset.picture !== card.dataset.picture) return;
  again.replaceWith(picture);
  drop(again);
}

// A card on its way takes no clicks: they would meet whatever flies by.
function glide(card, from) {
  if (!from) return;
  const to = card.getBoundingClientRect();
  const [x, y] = [from.left - to.left, from.top - to.top];
  const seen = [from, to].some(({ top, bottom }) => bottom > 0 && top < innerHeight);
  if (!seen || !(x || y)) return;
  card.classList.add("gliding");
  card.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: "none" }], GLIDE).onfinish = () => card.classList.remove("gliding");
}

// Arrow keys walk over the cards as they lie; `false` where there is nowhere to go.
export function walk(grid, key) {
  const cards = [...grid.querySelectorAll(".card:not(.skeleton)")];
  const at = cards.indexOf(document.activeElement.closest(".card"));
  const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[key];
  const next = key === "Home" ? cards[0] : key === "End" ? cards.at(-1) : at < 0 ? cards[0] : cards[at + step];
  next?.querySelector(".open").focus();
  next?.scrollIntoView({ block: "nearest" });
  return next !== undefined;
}
