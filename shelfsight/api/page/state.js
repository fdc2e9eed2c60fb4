// What is being looked for, and the address that says so. A picture cannot be put into an address, and edited atoms
// are kept beside it, in the history entry.

export function emptyState() {
  return { text: "", like: null, values: new Map(), low: null, high: null, picture: null, weight: 0.5, look: false, atoms: null };
}

export function stateOf(search, entry = null) {
  const found = emptyState();
  if (Array.isArray(entry?.atoms)) found.atoms = entry.atoms;
  for (const [name, value] of new URLSearchParams(search)) {
    if (name === "q") found.text = value;
    else if (name === "like") found.like = value;
    else if (name === "min") found.low = numberOf(value);
    else if (name === "max") found.high = numberOf(value);
    else if (name === "look") found.look = value === "1";
    else if (name.startsWith("f.")) toggled(found, name.slice(2), value, true);
  }
  return found;
}

export function addressOf(state) {
  const parts = new URLSearchParams();
  if (state.text) parts.append("q", state.text);
  if (state.like) parts.append("like", state.like);
  for (const [field, values] of state.values) for (const value of values) parts.append(`f.${field}`, value);
  if (state.low !== null) parts.append("min", String(state.low));
  if (state.high !== null) parts.append("max", String(state.high));
  if (state.look) parts.append("look", "1");
  const search = parts.toString();
  return search ? `/?${search}` : "/";
}

export const entryOf = (state) => (state.atoms ? { atoms: state.atoms } : null);

// Other words are understood anew.
export function reworded(state, text) {
  if (text.trim() !== state.text.trim()) state.atoms = null;
  state.text = text;
  if (text.trim()) state.like = null;
}

// Only words say what to look for.
export const wantsLook = (state) => state.look && !state.like && state.text.trim() !== "";

export function toggled(state, field, value, on) {
  const values = state.values.get(field) ?? new Set();
  if (on) values.add(value);
  else values.delete(value);
  if (values.size) state.values.set(field, values);
  else state.values.delete(field);
}

export function withoutFilters(state) {
  state.values.clear();
  state.low = null;
  state.high = null;
}

export function countFilters(state) {
  let count = state.low === null && state.high === null ? 0 : 1;
  for (const values of state.values.values()) count += values.size;
  return count;
}

// The filter expression of all choices and of the limits in the words; the choices of `except` are left out, so that
// its other values can be counted.
export function filterOf(state, fields, { except = null, limits = [] } = {}) {
  const clauses = limits.map((limit) => `(${limit})`);
  for (const [field, values] of state.values) {
    if (field === except) continue;
    const constants = [...values].map((value) => (fields[field] === "boolean" ? value : quoted(value)));
    clauses.push(`${named(field)} in [${constants.join(", ")}]`);
  }
  if (state.low !== null) clauses.push(`${named("price")} >= ${state.low}`);
  if (state.high !== null) clauses.push(`${named("price")} <= ${state.high}`);
  return clauses.length ? clauses.join(" and ") : null;
}

export const numberOf = (text) => {
  const value = Number.parseFloat(text);
  return Number.isFinite(value) ? value : null;
};

const quoted = (text) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;

// In backquotes, a field may be called anything, `and` too.
const named = (field) => `\`${field}\``;
