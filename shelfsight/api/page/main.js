// The page: state in, requests out, answers drawn.

import { getFacets, getHits, getItem, thumbnailUrl } from "./api.js";
import { showDetail } from "./detail.js";
import { byId, debounced, element } from "./dom.js";
import { drawFacets, label } from "./facets.js";
import { card, skeletons } from "./grid.js";
import { drawPicture, takePictures } from "./picture.js";
import { addressOf, countFilters, emptyState, filterOf, stateOf, toggled, withoutFilters } from "./state.js";

const TYPING_PAUSE = 180;

const query = byId("query");
const grid = byId("grid");
const notice = byId("notice");
const more = byId("more");
const dialog = byId("detail");

let state = stateOf(location.search);
let known = { facets: {}, fields: {}, total: 0 };
let shown = { hits: [], total: 0 };
let running = null;
const opened = new Set();

// --- asking ---------------------------------------------------------------------------------------------------------

async function refresh({ address = "push" } = {}) {
  later.cancel();
  more.disabled = true; // what it would add belongs to the answer that is being replaced
  remember(address);
  drawChoices();
  await working(async (signal) => {
    const [page, counts] = await Promise.all([ask(0, signal), countsOfActive(signal)]);
    shown = page;
    grid.replaceChildren(...page.hits.map(drawn));
    drawStatus(page);
    drawPanel({ ...page.facets, ...counts });
  });
}

async function showMore() {
  await working(async (signal) => {
    const page = await ask(shown.hits.length, signal);
    const first = grid.children.length;
    grid.append(...page.hits.map(drawn));
    shown = { ...page, hits: [...shown.hits, ...page.hits] };
    drawStatus(shown);
    grid.children[first]?.querySelector("button").focus({ preventScroll: true });
  });
}

function ask(offset, signal) {
  const filter = filterOf(state, known.fields);
  const { text, picture, weight, like } = state;
  return getHits({ text: text.trim(), picture, weight, like, filter, facets: Object.keys(known.facets), offset }, signal);
}

// A field with a choice made still shows what its other values would give.
async function countsOfActive(signal) {
  const fields = [...state.values.keys()];
  const answers = await Promise.all(fields.map((field) => getFacets([field], filterOf(state, known.fields, field), signal)));
  return Object.assign({}, ...answers.map((answer) => answer.facets));
}

async function working(job) {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  byId("progress").hidden = false;
  grid.setAttribute("aria-busy", "true");
  try {
    await job(mine.signal);
  } catch (problem) {
    if (problem.name !== "AbortError" && running === mine) drawProblem(problem);
  } finally {
    if (running === mine) {
      byId("progress").hidden = true;
      grid.removeAttribute("aria-busy");
    }
  }
}

function remember(address) {
  const url = addressOf(state);
  if (address === "keep" || url === location.pathname + location.search) return;
  if (address === "push") history.pushState(null, "", url);
  else history.replaceState(null, "", url);
}

// --- drawing --------------------------------------------------------------------------------------------------------

const drawn = (hit) => card(hit, { onOpen: open, onLike: like });

function drawStatus(page) {
  notice.hidden = page.hits.length > 0;
  more.hidden = page.hits.length >= page.total;
  more.disabled = false;
  document.title = state.text ? `${state.text} – Shelfsight` : "Shelfsight";
  const count = page.total.toLocaleString();
  const searched = state.text.trim() || state.picture || state.like;
  const time = page.trace?.total === undefined ? "" : ` · ${Math.max(1, Math.round(page.trace.total))} ms`;
  byId("status").textContent = page.total === 0 ? "" : searched ? `${count} items, best match first${time}` : `${count} items`;
  if (page.hits.length === 0) drawEmpty();
}

function drawEmpty() {
  if (known.total === 0) {
    drawNotice("This collection is empty.", "Index a catalogue into it: shelfsight index CATALOGUE -c COLLECTION");
  } else {
    drawNotice("Nothing passes these filters.", "Take one away, or start again.",
      element("button", { type: "button", class: "button", onclick: clearFilters }, "Clear filters"));
  }
}

function drawProblem(problem) {
  grid.replaceChildren();
  more.hidden = true;
  byId("status").textContent = "";
  const ours = problem.status >= 400 && problem.status < 500;
  drawNotice(problem.message, problem.hint ?? "", ours
    ? element("button", { type: "button", class: "button", onclick: startAgain }, "Start again")
    : element("button", { type: "button", class: "button", onclick: start }, "Try again"));
}

function drawNotice(message, hint, ...actions) {
  notice.hidden = false;
  notice.setAttribute("role", "alert");
  notice.replaceChildren(element("p", { class: "message" }, message), element("p", { class: "hint" }, hint), ...actions);
}

function drawPanel(counts) {
  const handlers = { onToggle: toggle, onRange: setRange, onOpen: unfold };
  drawFacets(byId("facets"), { fields: known.fields, counts, all: known.facets, state, opened }, handlers);
  drawPanel.last = counts;
}

function drawChoices() {
  if (document.activeElement !== query || query.value.trim() !== state.text.trim()) query.value = state.text;
  drawPicture(byId("picture"), state, { onWeight: setWeight, onRemove: removePicture });
  drawChips();
  const count = countFilters(state);
  byId("filter-count").textContent = count ? ` (${count})` : "";
}

function drawChips() {
  const chips = [];
  if (state.like) chips.push(likeChip(state.like));
  for (const [field, values] of state.values) {
    for (const value of values) chips.push(chip(`${label(field)}: ${value}`, () => toggle(field, value, false)));
  }
  if (state.low !== null || state.high !== null) {
    const text = `Price: ${state.low ?? "0"} – ${state.high ?? "any"}`;
    chips.push(chip(text, () => setRange(null, null)));
  }
  if (countFilters(state) > 1) {
    chips.push(element("li", {}, element("button", { type: "button", class: "link", onclick: clearFilters }, "Clear filters")));
  }
  byId("chips").hidden = chips.length === 0;
  byId("chips").replaceChildren(...chips);
}

function chip(text, onRemove, picture = null) {
  return element("li", { class: "chip" }, picture, element("span", {}, text),
    element("button", { type: "button", onclick: onRemove, "aria-label": `Remove ${text}` }, "✕"));
}

function likeChip(id) {
  const made = chip(`Like ${id}`, () => change({ like: null }), element("img", { src: thumbnailUrl(id, 0, 64), alt: "" }));
  getItem(id).then(({ title }) => title && (made.querySelector("span").textContent = `Like “${title}”`), () => {});
  return made;
}

// --- what a person does ---------------------------------------------------------------------------------------------

function change(changes, options) {
  Object.assign(state, changes);
  return refresh(options);
}

function toggle(field, value, on) {
  toggled(state, field, value, on);
  return refresh();
}

function setRange(low, high) {
  return change({ low, high });
}

function clearFilters() {
  withoutFilters(state);
  return refresh();
}

function unfold(field) {
  if (!opened.delete(field)) opened.add(field);
  drawPanel(drawPanel.last);
}

function like(hit) {
  scrollTo({ top: 0 });
  return change({ like: hit.id, text: "", picture: null });
}

function open(hit) {
  return showDetail(dialog, hit, { onLike: like, onFail: drawProblem });
}

function setWeight(weight) {
  state.weight = weight;
  later();
}

function removePicture() {
  return change({ picture: null });
}

function typed() {
  Object.assign(state, { text: query.value, like: query.value.trim() ? null : state.like });
  later();
}

const later = debounced(() => refresh({ address: "replace" }), TYPING_PAUSE);

function pressed(event) {
  const writing = event.target.matches?.("input:not([type=checkbox], [type=range]), textarea");
  if (event.key === "/" && !writing && !dialog.open && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    query.focus();
    query.select();
  } else if (event.key === "Escape" && event.target === query && !dialog.open) {
    event.preventDefault();
    if (query.value) {
      query.value = "";
      typed();
    } else query.blur();
  }
}

// --- beginning ------------------------------------------------------------------------------------------------------

async function start() {
  grid.replaceChildren(...skeletons(12));
  notice.hidden = true;
  try {
    known = await getFacets([], null);
  } catch (problem) {
    drawProblem(problem);
    return;
  }
  await refresh({ address: "keep" });
}

// Away from a question that cannot be answered.
function startAgain() {
  state = emptyState();
  query.value = "";
  return refresh();
}

function listen() {
  byId("search").addEventListener("submit", (event) => {
    event.preventDefault();
    Object.assign(state, { text: query.value, like: query.value.trim() ? null : state.like });
    refresh();
  });
  byId("facets").addEventListener("submit", (event) => event.preventDefault());
  query.addEventListener("input", typed);
  more.addEventListener("click", showMore);
  document.addEventListener("keydown", pressed);
  addEventListener("popstate", () => {
    const { picture, weight } = state;
    state = { ...stateOf(location.search), picture, weight };
    refresh({ address: "keep" });
  });
  byId("filters").open = matchMedia("(min-width: 800px)").matches;
  takePictures((picture) => change({ picture, like: null }), (message) => drawNotice(message, "JPEG, PNG, WebP, GIF and a few more are read."));
}

listen();
start();
