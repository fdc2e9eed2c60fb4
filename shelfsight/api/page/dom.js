// Elements from plain data. Text only ever becomes text nodes, never markup.

export const byId = (id) => document.getElementById(id);

export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") made.className = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name in made && typeof value !== "string") made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function drawing(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

// Ends early, as a request does, when `signal` says so.
export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

// After what was drawn until now is on the screen; a hidden tab draws nothing.
export const painted = () => (document.hidden ? Promise.resolve() : new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));

export function debounced(run, milliseconds) {
  let timer = 0;
  const later = (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...values), milliseconds);
  };
  later.cancel = () => clearTimeout(timer);
  return later;
}

export function readable(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "object") return JSON.stringify(value);
  return String(value);
}

export function sentence(text) {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}

// A probability; only certainty is 100% or 0%.
export function percent(share) {
  const whole = Math.round(share * 100);
  if (whole === 100 && share < 1) return ">99%";
  if (whole === 0 && share > 0) return "<1%";
  return `${whole}%`;
}

export const milliseconds = (value) => `${Math.max(1, Math.round(value)).toLocaleString()} ms`;

// A path may break after a slash rather than inside a word.
export function breakable(text) {
  return text.split(/(?<=\/)/).flatMap((part, index) => (index ? [element("wbr"), part] : [part]));
}

export function price(metadata) {
  const amount = metadata.price;
  if (typeof amount !== "number") return readable(amount);
  const shown = amount.toLocaleString(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return metadata.currency ? `${shown} ${readable(metadata.currency)}` : shown;
}
