// The page: what a person does changes the state, the state asks, and what comes is drawn.

import { searches } from "./api.js";
import { addressOf, questionOf, stateOf } from "./address.js";
import { limitsOf } from "./atoms.js";
import { useCollection } from "./collection.js";
import { Counts, gather } from "./counts.js";
import { byId, debounced, painted } from "./dom.js";
import { filterOf } from "./filter.js";
import { Flow } from "./flow.js";
import { listenToKeys } from "./keys.js";
import { rememberLook, rememberedLook } from "./look.js";
import { drawNotice } from "./notice.js";
import { overlays } from "./overlays.js";
import { takePictures } from "./picture.js";
import { drawPicker } from "./picker.js";
import { placeFilters } from "./sheet.js";
import { emptyState, liked, ranged, reworded, toggled, unliked, wantsLook, withoutFilters } from "./state.js";
import { View } from "./view.js";

const TYPING_PAUSE = 40;

const query = byId("query");

let state = emptyState();
let known = { facets: {}, fields: {}, spans: new Map(), total: 0 };
let counts = new Counts(known);
let counting = null;
let shown = {};
let begun = 0;

const does = {
  open: (hit) => look({ item: hit.id }),
  why: (hit) => look({ why: hit.id }),
  compare: (hit) => look({ versus: [...state.versus.filter((id) => id !== hit.id).slice(-1), hit.id] }),
  more: (hit) => prefer(hit, "like"),
  less: (hit) => prefer(hit, "unlike"),
};

const view = new View({
  does,
  onToggle: (field, value, on) => change(() => toggled(state, field, value, on)),
  onRange: (field, low, high) => change(() => ranged(state, field, low, high)),
  onUnlike: (id) => change(() => unliked(state, id)),
  onClear: () => change(() => withoutFilters(state)),
  onAtoms: (atoms) => change(() => (state.atoms = atoms)),
  onTools: (changes) => change(() => Object.assign(state, changes)),
  onWeight: (weight) => soon(() => (state.weight = weight)),
  onPicture: (picture) => change(() => (state.picture = picture)),
  onStart: start,
  onStartAgain: startAgain,
});

const flow = new Flow({
  question,
  wantsLook: () => wantsLook(state),
  on: {
    ...view.events,
    hits(page, options) {
      view.hits(page, options);
      if (flow.read) over.sync(state); // what is open may belong to a hit, and its reasons to what the words ask for
      count(page);
    },
    atoms() {
      view.choices();
      over.sync(state);
    },
  },
});

const over = overlays({ does, question: () => flow.question, hits: () => flow.page.hits, onClose: (closed) => look(closed, { closing: true }) });

view.shows(() => ({ state, known, atoms: flow.atoms, question: question() }));

function question() {
  const { text, picture, weight, sort, mode, least, like, unlike, atoms } = state;
  const asked = { text: text.trim(), picture, weight, like, unlike, atoms, least, mode, sort };
  const filter = filterOf(state, known.fields);
  return { ...asked, ...(searches(asked) ? {} : { unlike: [], least: null }), filter, facets: Object.keys(known.facets), histograms: [] };
}

// --- asking ---------------------------------------------------------------------------------------------------------

async function refresh({ address = "push", patient = false, kept = false } = {}) {
  later.cancel();
  remember(address);
  view.asked();
  await flow.ask({ patient, kept });
}

// The panel follows when the hits are seen: what came with them, then what other choices would give.
async function count(page) {
  counting?.abort();
  counting = new AbortController();
  const { signal } = counting;
  await painted();
  if (signal.aborted) return;
  const chosen = [...state.values.keys()].filter((field) => field in shown);
  const draw = (values, spreads) => {
    shown = { ...page.facets, ...values };
    view.panel(shown, spreads);
  };
  draw(Object.fromEntries(chosen.map((field) => [field, shown[field]])), counts.spreads);
  try {
    const { values, spreads } = await counts.of(flow.question, state, limitsOf(flow.atoms), signal);
    if (!signal.aborted) draw(values, spreads);
  } catch {
    // What came with the hits is shown already; a newer question has its own counts.
  }
}

function remember(address) {
  const url = addressOf(state);
  if (address === "push" && url !== location.pathname + location.search) history.pushState(null, "", url);
  else if (address !== "keep") history.replaceState(history.state, "", url);
}

// --- what a person does ---------------------------------------------------------------------------------------------

function change(made, options) {
  made();
  return refresh(options);
}

function soon(made) {
  made();
  flow.hush();
  later();
}

const later = debounced(() => refresh({ address: "replace", patient: true }), TYPING_PAUSE);

function typed() {
  soon(() => reworded(state, query.value));
}

function prefer(hit, list) {
  Object.assign(state, { item: null, why: null, versus: [] });
  over.sync(state);
  scrollTo({ top: 0 });
  return change(() => liked(state, hit.id, list));
}

function setLook(on) {
  rememberLook(on);
  return change(() => (state.look = on), { kept: on });
}

// What is open over the list is part of the address, and going back closes it.
function look(changes, { closing = false } = {}) {
  Object.assign(state, closing ? {} : { item: null, why: null }, changes);
  const url = addressOf(state);
  if (url !== location.pathname + location.search) {
    if (closing && history.state?.opened) history.back();
    else if (closing) history.replaceState(null, "", url);
    else history.pushState({ opened: true }, "", url);
  }
  over.sync(state);
}

function startAgain() {
  state = { ...emptyState(), look: state.look, collection: state.collection };
  query.value = "";
  over.sync(state);
  return refresh();
}

function travelled() {
  const before = state;
  state = { ...stateOf(location.search), picture: before.picture, weight: before.weight };
  query.value = state.text;
  picker.then((show) => show(state.collection));
  if (state.collection !== before.collection) start();
  else if (questionOf(state).toString() !== questionOf(before).toString()) refresh({ address: "keep" });
  over.sync(state);
}

function setCollection(name) {
  state = { ...emptyState(), text: state.text, look: state.look, mode: state.mode, collection: name };
  over.sync(state);
  remember("push");
  return start();
}

// --- beginning ------------------------------------------------------------------------------------------------------

async function start() {
  const mine = (begun += 1);
  later.cancel();
  flow.end();
  view.waiting();
  useCollection(state.collection);
  try {
    const found = await gather();
    if (mine !== begun) return; // somebody chose another collection meanwhile
    known = found;
    counts = new Counts(known);
    shown = {};
  } catch (problem) {
    if (mine === begun) view.problem(problem);
    return;
  }
  await refresh({ address: state.look ? "replace" : "keep" });
}

function listen() {
  byId("search").addEventListener("submit", (event) => {
    event.preventDefault();
    change(() => reworded(state, query.value));
  });
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  query.addEventListener("input", typed);
  byId("look").addEventListener("change", (event) => setLook(event.target.checked));
  byId("more").addEventListener("click", () => view.focusOnNext(() => flow.more()));
  addEventListener("popstate", travelled);
  takePictures((picture) => change(() => (state.picture = picture)), (message) => drawNotice(message, "JPEG, PNG, WebP, GIF and a few more are read."));
  listenToKeys({ query, grid: byId("grid"), onClear: () => ((query.value = ""), typed()) });
  placeFilters();
}

state = stateOf(location.search);
if (!new URLSearchParams(location.search).has("look")) state.look = rememberedLook();
listen();
start();
const picker = drawPicker(byId("collections"), state.collection, setCollection);
