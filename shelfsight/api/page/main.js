// The page: state in, requests out, answers drawn.

import { PAGE_SIZE, getFacets, getHits, getItem, getLooked } from "./api.js";
import { drawAtoms, limitsOf } from "./atoms.js";
import { drawChips } from "./chips.js";
import { showDetail } from "./detail.js";
import { byId, debounced, element, milliseconds, pause } from "./dom.js";
import { drawFacets } from "./facets.js";
import { card, rearrange, skeletons } from "./grid.js";
import { clearLooked, drawLookProblem, drawLooked, drawLooking, rememberLook, rememberedLook } from "./look.js";
import { drawPicture, takePictures } from "./picture.js";
import { addressOf, countFilters, emptyState, entryOf, filterOf, reworded, stateOf, toggled, wantsLook, withoutFilters } from "./state.js";

const TYPING_PAUSE = 180;
// A second look is dear: it waits until nobody types any more.
const LOOK_PAUSE = 900;
// So many hits at most are ordered again; those behind follow in the first order.
const MOST_LOOKED = 240;

const query = byId("query");
const grid = byId("grid");
const notice = byId("notice");
const more = byId("more");
const dialog = byId("detail");
const looked = byId("looked");

let state = emptyState();
let known = { facets: {}, fields: {}, total: 0 };
let shown = { hits: [], total: 0 };
let read = { text: "", atoms: null }; // what the words were understood to ask for, or were edited to
let running = null;
let looking = null;
const opened = new Set();

// --- asking ---------------------------------------------------------------------------------------------------------

// `patient`: more may be typed at once. `kept`: the first order stays as it is shown, only the second look is new.
async function refresh({ address = "push", patient = false, kept = false } = {}) {
  later.cancel();
  const there = kept && shown.current;
  more.disabled = !there; // what it would add belongs to the answer that is being replaced
  remember(address);
  if (read.text !== state.text.trim()) read = { text: state.text.trim(), atoms: null };
  read.atoms = state.atoms ?? read.atoms;
  drawChoices();
  clearLooked(looked);
  if (!there && !(await working(showFirst))) return;
  if (wantsLook(state)) await lookAgain(PAGE_SIZE, patient ? LOOK_PAUSE : 0);
}

async function showFirst(signal) {
  shown.current = false;
  const [page, counts] = await Promise.all([ask(0, signal), countsOfActive([], signal)]);
  shown = { ...page, current: true };
  grid.replaceChildren(...page.hits.map(drawn));
  drawStatus(page);
  drawPanel({ ...page.facets, ...counts });
}

// What is shown stays until the second look is over, and stays for good where it fails.
async function lookAgain(count, wait = 0) {
  const mine = begun();
  looking = mine;
  more.disabled = false;
  try {
    await pause(wait, mine.signal);
    drawLooking(looked);
    const page = await getLooked({ ...asked(), atoms: state.atoms, count }, mine.signal);
    const counts = await countsOfActive(limitsOf(page.atoms), mine.signal);
    if (running === mine) showLooked(page, counts);
  } catch (problem) {
    if (problem.name !== "AbortError" && running === mine) drawLookProblem(looked, problem);
  }
}

function showLooked(page, counts) {
  shown = { ...page, current: true, looked: true };
  read.atoms = page.atoms ?? null;
  rearrange(grid, page.hits.map(drawn));
  drawRead();
  drawStatus(page);
  drawLooked(looked, page);
  drawPanel({ ...page.facets, ...counts });
}

async function showMore() {
  const first = grid.children.length;
  const count = shown.hits.length + PAGE_SIZE;
  const looks = wantsLook(state) && count <= MOST_LOOKED;
  if (looks && shown.looked) await lookAgain(count);
  else if ((await working(addMore)) && looks) lookAgain(count);
  grid.children[first]?.querySelector("button").focus({ preventScroll: true });
}

async function addMore(signal) {
  const page = await ask(shown.hits.length, signal, shown.looked ? limitsOf(shown.atoms) : []);
  const there = new Set(shown.hits.map(({ id }) => id));
  const added = page.hits.filter(({ id }) => !there.has(id));
  grid.append(...added.map(drawn));
  shown = { ...shown, total: page.total, trace: page.trace, hits: [...shown.hits, ...added] };
  drawStatus(shown);
}

function ask(offset, signal, limits = []) {
  return getHits({ ...asked(limits), like: state.like, offset }, signal);
}

function asked(limits = []) {
  const { text, picture, weight } = state;
  return { text: text.trim(), picture, weight, filter: filterOf(state, known.fields, { limits }), facets: Object.keys(known.facets) };
}

// A field with a choice made still shows what its other values would give.
async function countsOfActive(limits, signal) {
  const fields = [...state.values.keys()];
  const answers = await Promise.all(fields.map((field) =>
    getFacets([field], filterOf(state, known.fields, { except: field, limits }), signal)));
  return Object.assign({}, ...answers.map((answer) => answer.facets));
}

function begun() {
  running?.abort();
  running = new AbortController();
  byId("progress").hidden = true;
  grid.removeAttribute("aria-busy");
  return running;
}

// Whether the job was done, and nothing newer came in between.
async function working(job) {
  const mine = begun();
  byId("progress").hidden = false;
  grid.setAttribute("aria-busy", "true");
  try {
    await job(mine.signal);
    return running === mine;
  } catch (problem) {
    if (problem.name !== "AbortError" && running === mine) drawProblem(problem);
    return false;
  } finally {
    if (running === mine) {
      byId("progress").hidden = true;
      grid.removeAttribute("aria-busy");
    }
  }
}

function remember(address) {
  const url = addressOf(state);
  if (address === "keep") return;
  if (address === "push" && url !== location.pathname + location.search) history.pushState(entryOf(state), "", url);
  else history.replaceState(entryOf(state), "", url);
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
  const time = page.trace?.total === undefined ? "" : ` · ${milliseconds(page.trace.total)}`;
  byId("status").textContent = page.total === 0 ? "" : searched ? `${count} items, best match first${time}` : `${count} items`;
  if (page.hits.length === 0) drawEmpty();
}

function drawRead() {
  drawAtoms(byId("atoms"), wantsLook(state) ? read.atoms : null, { edited: state.atoms !== null, onChange: setAtoms, onReset: () => setAtoms(null) });
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
  drawChips(byId("chips"), state, { onToggle: toggle, onRange: setRange, onClear: clearFilters, onUnlike: () => change({ like: null }) });
  drawRead();
  byId("look").checked = state.look;
  const count = countFilters(state);
  byId("filter-count").textContent = count ? ` (${count})` : "";
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
  return change({ like: hit.id, text: "", picture: null, atoms: null });
}

function open(hit) {
  return showDetail(dialog, hit, { onLike: like, onFail: drawProblem });
}

function setLook(look) {
  rememberLook(look);
  state.look = look;
  return refresh({ kept: look });
}

function setAtoms(atoms) {
  state.atoms = atoms;
  return refresh({ kept: true });
}

function setWeight(weight) {
  state.weight = weight;
  soon();
}

function removePicture() {
  return change({ picture: null });
}

function typed() {
  reworded(state, query.value);
  soon();
}

const later = debounced(() => refresh({ address: "replace", patient: true }), TYPING_PAUSE);

function soon() {
  looking?.abort(); // nobody wants that second look any more
  later();
}

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
  await refresh({ address: state.look ? "replace" : "keep" });
}

// Away from a question that cannot be answered.
function startAgain() {
  state = { ...emptyState(), look: state.look };
  query.value = "";
  return refresh();
}

function listen() {
  byId("search").addEventListener("submit", (event) => {
    event.preventDefault();
    reworded(state, query.value);
    refresh();
  });
  byId("facets").addEventListener("submit", (event) => event.preventDefault());
  query.addEventListener("input", typed);
  byId("look").addEventListener("change", (event) => setLook(event.target.checked));
  more.addEventListener("click", showMore);
  document.addEventListener("keydown", pressed);
  addEventListener("popstate", () => {
    const { picture, weight } = state;
    state = { ...stateOf(location.search, history.state), picture, weight };
    refresh({ address: "keep" });
  });
  byId("filters").open = matchMedia("(min-width: 800px)").matches;
  takePictures((picture) => change({ picture, like: null }), (message) => drawNotice(message, "JPEG, PNG, WebP, GIF and a few more are read."));
}

state = stateOf(location.search, history.state);
if (!new URLSearchParams(location.search).has("look")) state.look = rememberedLook();
listen();
start();
