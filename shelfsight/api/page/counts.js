// What the panel shows beside the hits: how many another choice would give, and how numbers are spread.

import { getFacets, getHits, searches } from "./api.js";
import { atMost, filterOf } from "./filter.js";
import { spanOf } from "./ranges.js";

const MOST_SLIDERS = 4;
const NONE = { text: "", picture: null, like: [], filter: null, facets: [], sort: "" };

// What a collection is made of: its fields, their values, and the number fields that a slider can span.
export async function gather() {
  const known = await getFacets([], null);
  const numbers = Object.keys(known.fields).filter((field) => known.fields[field] === "number" && !(field in known.facets));
  numbers.sort((a, b) => (b === "price") - (a === "price") || a.localeCompare(b));
  const wanted = numbers.slice(0, MOST_SLIDERS);
  const { histograms = {} } = wanted.length ? await spreadOf(wanted, NONE) : {};
  const spans = wanted.map((field) => [field, histograms[field] ? spanOf(histograms[field]) : null]);
  return { ...known, spans: new Map(spans.filter(([, span]) => span !== null)) };
}

const spreadOf = (fields, question, signal) => getHits({ ...question, histograms: fields }, { count: 1, signal });

// Whether words leave items out: those that are not likely enough to be meant, and a sorted search leaves some out unasked.
const cuts = (question) => searches(question) && (question.least !== null || question.sort !== "");

// What all other choices leave of each field: the values of one with a choice made, the spread of one with a slider.
// Words that leave nothing out change nothing here, so that typing asks for nothing.
export class Counts {
  #known;
  #values = new Map();
  #spreads = new Map();

  constructor(known) {
    this.#known = known;
  }

  // The spreads that were found last.
  get spreads() {
    return new Map([...this.#spreads].map(([field, { found }]) => [field, found]));
  }

  // `{ values, spreads }`, each by field; `limits`: those in the words.
  async of(question, state, limits, signal) {
    const asked = cuts(question) ? { ...question, facets: [] } : NONE;
    const but = (field) => ({ ...asked, filter: filterOf(state, this.#known.fields, { except: field, limits }) });
    const values = [...state.values.keys()].map((field) => this.#found(this.#values, field, but(field), (others) => valuesOf(field, others, signal)));
    const spreads = [...this.#known.spans].map(([field, span]) => {
      const others = but(field);
      const filter = [others.filter, span.open ? atMost(field, span.high) : null].filter(Boolean).join(" and ") || null;
      return this.#found(this.#spreads, field, { ...others, filter }, async (shown) => (await spreadOf([field], shown, signal)).histograms?.[field]);
    });
    const found = await Promise.all([...values, ...spreads]);
    return { values: Object.fromEntries(found.slice(0, values.length)), spreads: new Map(found.slice(values.length)) };
  }

  // What was found for the same question before is not asked for again.
  async #found(kept, field, question, ask) {
    const [about, picture] = [JSON.stringify(question), question.picture];
    const last = kept.get(field);
    if (last?.about !== about || last.picture !== picture) kept.set(field, { about, picture, found: await ask(question) });
    return [field, kept.get(field).found];
  }
}

async function valuesOf(field, question, signal) {
  const asked = searches(question) ? getHits({ ...question, facets: [field] }, { count: 1, signal }) : getFacets([field], question.filter, signal);
  return (await asked).facets[field];
}
