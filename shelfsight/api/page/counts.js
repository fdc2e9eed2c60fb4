// What the panel shows beside the hits: how many another choice would give, and how numbers are spread.

import { getFacets, getHits } from "./api.js";
import { atMost, filterOf } from "./filter.js";
import { spanOf } from "./ranges.js";

const MOST_SLIDERS = 4;
const NONE = { text: "", picture: null, like: [], facets: [], sort: "" };

// What a collection is made of: its fields, their values, and the number fields that a slider can span.
export async function gather() {
  const known = await getFacets([], null);
  const numbers = Object.keys(known.fields).filter((field) => known.fields[field] === "number" && !(field in known.facets));
  numbers.sort((a, b) => (b === "price") - (a === "price") || a.localeCompare(b));
  const wanted = numbers.slice(0, MOST_SLIDERS);
  const { histograms = {} } = wanted.length ? await spreadOf(wanted, null) : {};
  const spans = wanted.map((field) => [field, histograms[field] ? spanOf(histograms[field]) : null]);
  return { ...known, spans: new Map(spans.filter(([, span]) => span !== null)) };
}

const spreadOf = (fields, filter, signal) => getHits({ ...NONE, filter, histograms: fields }, { count: 1, signal });

// A field with a choice made still shows what its other values would give.
export async function countsOfActive(state, known, limits, signal) {
  const fields = [...state.values.keys()];
  const answers = await Promise.all(fields.map((field) => getFacets([field], filterOf(state, known.fields, { except: field, limits }), signal)));
  return Object.assign({}, ...answers.map(({ facets }) => facets));
}

// Field -> histogram of what all other choices leave. Words change nothing here, so that typing asks for nothing.
export class Spreads {
  #kept = new Map();

  get last() {
    return new Map([...this.#kept].map(([field, { spread }]) => [field, spread]));
  }

  async of(state, known, limits, signal) {
    const found = await Promise.all([...known.spans].map(async ([field, span]) => {
      const others = filterOf(state, known.fields, { except: field, limits });
      const filter = [others, span.open ? atMost(field, span.high) : null].filter(Boolean).join(" and ") || null;
      if (this.#kept.get(field)?.filter !== filter) this.#kept.set(field, { filter, spread: (await spreadOf([field], filter, signal)).histograms?.[field] });
      return [field, this.#kept.get(field).spread];
    }));
    return new Map(found);
  }
}
