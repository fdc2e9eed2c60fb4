// The server's HTTP API. A newer request of one kind ends the older one.

import { eventsOf } from "./events.js";

export const PAGE_SIZE = 24;

// What a second look may cost, and how many hits it explains.
const BUDGET_MS = 2000;
const EXPLAINED = 10;

export class Problem extends Error {
  constructor(document, status) {
    super(document.detail || `The server answered ${status}.`);
    this.hint = document.hint || "";
    this.status = status;
  }
}

async function answered(response) {
  if (response.ok) return response.json();
  let document = {};
  try {
    document = await response.json();
  } catch {
    // An answer from something between us and the server; its status is all there is to tell.
  }
  throw new Problem(document, response.status);
}

async function sent(url, options) {
  try {
    return await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ detail: "The server cannot be reached.", hint: "Is it still running?" }, 0);
  }
}

const ask = async (url, options = {}) => answered(await sent(url, options));

const parameters = (entries) => {
  const kept = entries.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return new URLSearchParams(kept).toString();
};

export const itemUrl = (id, rest = "") => `/v1/items/${encodeURIComponent(id)}${rest}`;

export const thumbnailUrl = (id, index, side) => itemUrl(id, `/pictures/${index}/thumbnail?side=${side}`);

export const getItem = (id) => ask(itemUrl(id));

export const getFacets = (fields, filter, signal) =>
  ask(`/v1/facets?${parameters([...fields.map((field) => ["field", field]), ["filter", filter]])}`, { signal });

// A page of hits: like an item, by picture and words, by words, or just looking around.
export function getHits({ text, picture, weight, like, filter, facets, offset }, signal) {
  const common = [["k", PAGE_SIZE], ["offset", offset], ["filter", filter], ...facets.map((field) => ["facets", field])];
  if (like) return ask(itemUrl(like, `/similar?${parameters(common)}`), { signal });
  if (text || picture) return search({ query: text, k: PAGE_SIZE, offset, filter, facets }, { picture, weight }, signal);
  return ask(`/v1/items?${parameters(common)}`, { signal });
}

// The first `count` hits as a model orders them that looks at the pictures. `atoms`: what to look for, where a person
// edited what the text was understood to say.
export function getLooked({ text, picture, weight, filter, facets, atoms, count }, signal) {
  const body = { query: text, k: count, filter, facets, atoms, rerank: true, explain: EXPLAINED, budget_ms: BUDGET_MS };
  return search(body, { picture, weight }, signal);
}

function search(body, { picture, weight }, signal) {
  const given = Object.entries(body).filter(([, value]) => value !== null && value !== "");
  if (!picture) return ask("/v1/search", { ...json(Object.fromEntries(given)), signal });
  const form = new FormData();
  form.append("image", picture, "picture");
  form.append("image_weight", String(weight));
  for (const [name, value] of given) {
    if (name === "facets") value.forEach((field) => form.append(name, field));
    else form.append(name, typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  return ask("/v1/search", { method: "POST", body: form, signal });
}

// The answer to a question about an item; `onText` hears its pieces as they come.
export async function askAbout(id, { question, turns, picture }, { signal, onText }) {
  const response = await sent(itemUrl(id, "/ask"), {
    ...json({ question, turns, picture }), signal,
    headers: { "Content-Type": "application/json", Accept: "text/event-stream, application/json" },
  });
  if (!response.ok || !response.headers.get("content-type")?.startsWith("text/event-stream")) return answered(response);
  try {
    for await (const { event, data } of eventsOf(response)) {
      if (event === "text") onText(data.text);
      else if (event === "answer") return data;
      else if (event === "error") throw new Problem(data, 0);
    }
  } catch (error) {
    if (error.name === "AbortError" || error instanceof Problem) throw error;
    // The connection or the text of an event broke; either way the answer is not whole.
  }
  throw new Problem({ detail: "The answer broke off.", hint: "Ask again." }, 0);
}

const json = (document) => ({ method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(document) });
