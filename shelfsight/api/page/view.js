// Draws what was asked and what came.

import { drawAtoms } from "./atoms.js";
import { card, skeletons } from "./card.js";
import { drawChips } from "./chips.js";
import { byId, element } from "./dom.js";
import { rearrange, replaceCard } from "./grid.js";
import { clearLooked, drawLookProblem, drawLooked, drawLooking } from "./look.js";
import { action, drawNothing, drawNotice, remarks, statusOf } from "./notice.js";
import { drawPanel } from "./panel.js";
import { drawPicture } from "./picture.js";
import { countFilters, looksFor } from "./state.js";
import { tools } from "./tools.js";
import { unpressed } from "./unpressed.js";

const SKELETONS = 12;
// So many pictures come before all others: a row of a phone.
const FIRST = 2;

const grid = byId("grid");
const more = byId("more");
const query = byId("query");
const calmly = unpressed(grid);

// `on`: what is called when a person does something.
export class View {
  #on;
  #now = null;
  #tools;

  constructor(on) {
    this.#on = on;
    this.#tools = tools(byId("tools"), { onChange: on.onTools });
    this.problem = this.problem.bind(this);
  }

  // `now()`: the state, what is known of the collection, and what the words are understood to ask for.
  shows(now) {
    this.#now = now;
  }

  get events() {
    return {
      busy: (on) => this.#busy(on),
      added: (page, hits) => this.#added(page, hits),
      looking: () => drawLooking(byId("looked")),
      looked: (page) => this.#looked(page),
      explained: (hit) => calmly(() => replaceCard(grid, this.#card(hit))),
      lookProblem: (problem) => drawLookProblem(byId("looked"), problem),
      problem: this.problem,
    };
  }

  waiting() {
    calmly(() => grid.replaceChildren(...skeletons(SKELETONS)));
    byId("notice").hidden = true;
  }

  hits(page, { gliding = false } = {}) {
    calmly(() => rearrange(grid, page.hits.map((hit, place) => this.#card(hit, { soon: place < FIRST })), { gliding }));
    this.#told(page);
    if (page.looked) drawLooked(byId("looked"), page.looked, { going: true });
    this.choices();
  }

  // A new question: what the last second look did is no longer so.
  asked() {
    clearLooked(byId("looked"));
    this.choices();
  }

  // What was chosen, everywhere it can be seen.
  choices() {
    const { state, known, atoms } = this.#now();
    const { onAtoms, onToggle, onRange, onClear, onUnlike, onWeight, onPicture } = this.#on;
    if (document.activeElement !== query || query.value.trim() !== state.text.trim()) query.value = state.text;
    drawPicture(byId("picture"), state, { onWeight, onRemove: () => onPicture(null) });
    drawAtoms(byId("atoms"), atoms, { edited: state.atoms !== null, onChange: onAtoms, onReset: () => onAtoms(null) });
    drawChips(byId("chips"), state, { onToggle, onRange, onClear, onUnlike });
    this.#tools(state, { numbers: [...known.spans.keys()], searching: looksFor(state) });
    byId("look").checked = state.look;
    const count = countFilters(state);
    byId("filter-count").textContent = count ? ` (${count})` : "";
  }

  panel(counts, spreads) {
    const { state, known } = this.#now();
    drawPanel(byId("facets"), { known, counts, spreads, state }, this.#on);
  }

  problem(problem) {
    calmly(() => grid.replaceChildren());
    more.hidden = true;
    clearLooked(byId("looked"));
    for (const place of ["status", "remarks"]) byId(place).replaceChildren();
    const ours = problem.status >= 400 && problem.status < 500 && ![401, 429].includes(problem.status);
    drawNotice(problem.message, problem.hint ?? "", ours ? action("Start again", this.#on.onStartAgain) : action("Try again", this.#on.onStart));
  }

  // The first of those that are added gets the focus.
  async focusOnNext(adding) {
    const first = grid.children.length;
    await adding();
    grid.children[first]?.querySelector("button").focus({ preventScroll: true });
  }

  #card(hit, options) {
    const searching = looksFor(this.#now().state);
    return card(hit, this.#on.does, { less: searching, why: searching }, options);
  }

  #added(page, hits) {
    calmly(() => grid.append(...hits.map((hit) => this.#card(hit))));
    this.#told(page);
  }

  #looked(page) {
    this.#told(page);
    drawLooked(byId("looked"), page.looked, { going: false });
  }

  #told(page) {
    const { state, known } = this.#now();
    byId("notice").hidden = page.hits.length > 0;
    more.hidden = page.hits.length >= page.total;
    document.title = state.text ? `${state.text} – Shelfsight` : "Shelfsight";
    byId("status").replaceChildren(...statusOf(page, { searching: looksFor(state), sort: state.sort }));
    byId("show-hits").textContent = page.total === 1 ? "Show 1 item" : `Show ${page.total.toLocaleString()} items`;
    byId("remarks").replaceChildren(...(page.hits.length ? remarks(page) : []).map((said) => element("p", {}, said)));
    if (page.hits.length === 0) {
      const [anyRelevance, byRelevance] = [{ least: null }, { sort: "" }].map((changes) => () => this.#on.onTools(changes));
      drawNothing(state, known, { clearFilters: this.#on.onClear, anyRelevance, byRelevance });
    }
  }

  #busy(on) {
    byId("progress").hidden = !on;
    if (on) grid.setAttribute("aria-busy", "true");
    else grid.removeAttribute("aria-busy");
    more.disabled = on;
  }
}
