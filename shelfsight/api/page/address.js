// The address of a state, and the state of an address.

import { emptyState, ranged, toggled } from "./state.js";

const SEVERAL = { like: "like", unlike: "unlike", vs: "versus" };
const ONE = { c: "collection", item: "item", why: "why" };

export function stateOf(search) {
  const found = emptyState();
  for (const [name, value] of new URLSearchParams(search)) take(found, name, value);
  return found;
}

function take(found, name, value) {
  const [, kind, field] = /^(f|min|max)\.(.+)$/s.exec(name) ?? [];
  if (name === "q") found.text = value;
  else if (name === "sort") found.sort = value;
  else if (name === "mode") found.mode = value === "hybrid" ? "hybrid" : "vector";
  else if (name === "least") found.least = shareOf(value);
  else if (name === "look") found.look = value === "1";
  else if (name === "atoms") found.atoms = atomsOf(value);
  else if (Object.hasOwn(SEVERAL, name)) found[SEVERAL[name]].push(value);
  else if (Object.hasOwn(ONE, name)) found[ONE[name]] = value;
  else if (kind === "f") toggled(found, field, value, true);
  else if (kind === "min") ranged(found, field, numberOf(value), found.ranges.get(field)?.high ?? null);
  else if (kind === "max") ranged(found, field, found.ranges.get(field)?.low ?? null, numberOf(value));
}

export function addressOf(state) {
  const parts = questionOf(state);
  for (const [name, key] of Object.entries(ONE)) if (key !== "collection" && state[key] !== null) parts.append(name, state[key]);
  for (const id of state.versus) parts.append("vs", id);
  const search = parts.toString();
  return search ? `/?${search}` : "/";
}

// The part of the address that says what is looked for: what is open does not change the answer.
export function questionOf(state) {
  const parts = new URLSearchParams();
  if (state.collection !== null) parts.append("c", state.collection);
  if (state.text) parts.append("q", state.text);
  for (const list of ["like", "unlike"]) for (const id of state[list]) parts.append(list, id);
  for (const [field, values] of state.values) for (const value of values) parts.append(`f.${field}`, value);
  for (const [field, { low, high }] of state.ranges) {
    if (low !== null) parts.append(`min.${field}`, String(low));
    if (high !== null) parts.append(`max.${field}`, String(high));
  }
  if (state.sort) parts.append("sort", state.sort);
  if (state.mode !== "vector") parts.append("mode", state.mode);
  if (state.least !== null) parts.append("least", String(state.least));
  if (state.look) parts.append("look", "1");
  if (state.atoms !== null) parts.append("atoms", JSON.stringify(state.atoms.map(said)));
  return parts;
}

// An atom without what it does not say.
const said = (atom) => Object.fromEntries(Object.entries(atom).filter(([, value]) => value !== null && value !== false && value !== 0));

function atomsOf(text) {
  try {
    const atoms = JSON.parse(text);
    const read = Array.isArray(atoms) && atoms.every((atom) => typeof atom?.kind === "string" && typeof atom.term === "string");
    return read ? atoms : null;
  } catch {
    return null;
  }
}

const shareOf = (text) => {
  const share = numberOf(text);
  return share !== null && share > 0 && share <= 1 ? share : null;
};

export const numberOf = (text) => {
  const value = Number.parseFloat(text);
  return Number.isFinite(value) ? value : null;
};
