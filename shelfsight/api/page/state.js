// What is being looked for and what is open. The address says all of it but the picture (see address.js).

export function emptyState() {
  return {
    text: "", picture: null, weight: 0.5, like: [], unlike: [], atoms: null,
    values: new Map(), ranges: new Map(),
    sort: "", mode: "vector", least: null, look: false, collection: null,
    item: null, why: null, versus: [],
  };
}

// Other words are understood anew.
export function reworded(state, text) {
  if (text.trim() !== state.text.trim()) state.atoms = null;
  state.text = text;
}

export const looksFor = (state) => state.text.trim() !== "" || state.picture !== null || state.like.length > 0;

// Only words say what to look for, and an order that was asked for stays.
export const wantsLook = (state) => state.look && state.text.trim() !== "" && state.sort === "";

export function toggled(state, field, value, on) {
  const values = state.values.get(field) ?? new Set();
  if (on) values.add(value);
  else values.delete(value);
  if (values.size) state.values.set(field, values);
  else state.values.delete(field);
}

export function ranged(state, field, low, high) {
  if (low === null && high === null) state.ranges.delete(field);
  else state.ranges.set(field, { low, high });
}

// An item cannot be both wanted and not wanted.
export function liked(state, id, list) {
  const other = list === "like" ? "unlike" : "like";
  state[other] = state[other].filter((each) => each !== id);
  state[list] = state[list].includes(id) ? state[list] : [...state[list], id];
}

export function unliked(state, id) {
  state.like = state.like.filter((each) => each !== id);
  state.unlike = state.unlike.filter((each) => each !== id);
}

export function withoutFilters(state) {
  state.values.clear();
  state.ranges.clear();
  state.least = null;
}

export function countFilters(state) {
  let count = state.ranges.size + (state.least === null ? 0 : 1);
  for (const values of state.values.values()) count += values.size;
  return count;
}
