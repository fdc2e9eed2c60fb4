// The server's HTTP API. A newer request of one kind ends the older one.

const PAGE_SIZE = 24;

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

async function ask(url, options = {}) {
  let response;
  try {
    response = await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ detail: "The server cannot be reached.", hint: "Is it still running?" }, 0);
  }
  return answered(response);
}

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
  if (picture) {
    const form = new FormData();
    form.append("image", picture, "picture");
    if (text) form.append("query", text);
    form.append("image_weight", String(weight));
    for (const [name, value] of common) if (value !== null && value !== "") form.append(name, String(value));
    return ask("/v1/search", { method: "POST", body: form, signal });
  }
  if (text) {
    const body = JSON.stringify({ query: text, k: PAGE_SIZE, offset, filter, facets });
    return ask("/v1/search", { method: "POST", headers: { "Content-Type": "application/json" }, body, signal });
  }
  return ask(`/v1/items?${parameters(common)}`, { signal });
}
