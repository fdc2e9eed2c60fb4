// The filter expression of all that was chosen.

// `limits`: expressions of the limits in the words; the choices of `except` are left out, so that its other values can
// be counted.
export function filterOf(state, fields, { except = null, limits = [] } = {}) {
  const clauses = limits.map((limit) => `(${limit})`);
  for (const [field, values] of state.values) {
    if (field !== except) clauses.push(`${named(field)} in [${[...values].map((value) => constant(value, fields[field])).join(", ")}]`);
  }
  for (const [field, { low, high }] of state.ranges) {
    if (field === except) continue;
    if (low !== null) clauses.push(`${named(field)} >= ${low}`);
    if (high !== null) clauses.push(`${named(field)} <= ${high}`);
  }
  return clauses.length ? clauses.join(" and ") : null;
}

export const atMost = (field, most) => `${named(field)} <= ${most}`;

const constant = (value, type) => (type === "boolean" || (type === "number" && Number.isFinite(Number(value))) ? value : quoted(value));

const quoted = (text) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;

// In backquotes, a field may be called anything, `and` too.
const named = (field) => `\`${field}\``;
