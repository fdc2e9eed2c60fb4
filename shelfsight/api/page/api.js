// What is asked of a collection.

import { base } from "./collection.js";
import { eventsUntil } from "./events.js";
import { answered, ask, isStream, json, parameters, sent } from "./http.js";

export const PAGE_SIZE = 24;

// What a second look may cost, and how many hits it explains.
const BUDGET_MS = 2000;
const EXPLAINED = 10;

export const itemUrl = (id, rest = "") => `${base()}/items/${encodeURIComponent(id)}${rest}`;

export const thumbnailUrl = (id, index, side) => itemUrl(id, `/pictures/${index}/thumbnail?side=${side}`);

export const getItem = (id, signal) => ask(itemUrl(id), { signal });

export const getFacets = (fields, filter, signal) =>
  ask(`${base()}/facets?${parameters([...fields.map((field) => ["field", field]), ["filter", filter]])}`, { signal });

export const getAtoms = async (text, signal) => (await ask(`${base()}/parse?${parameters([["query", text]])}`, { signal })).atoms;

export const getCollections = async () => (await ask("/v1/collections")).collections;

// Whether anything is looked for; else one just looks around.
export const searches = ({ text, picture, like }) => Boolean(text || picture || like.length);

// A page of hits, or of what there is.
export async function getHits(question, { offset = 0, count = PAGE_SIZE, signal }) {
  if (searches(question)) return answered(await search(question, { k: count, offset }, { signal }));
  const { filter, facets, histograms, sort } = question;
  const given = [["k", count], ["offset", offset], ["filter", filter], ["sort", sort]];
  const wanted = [...facets.map((field) => ["facets", field]), ...histograms.map((field) => ["histograms", field])];
  return ask(`${base()}/items?${parameters([...given, ...wanted])}`, { signal });
}

// The first `count` hits as a model orders them that looks at the pictures, in the events of a streamed search.
export async function* getLooked(question, count, signal) {
  const wanted = { k: count, rerank: true, explain: EXPLAINED, budget_ms: BUDGET_MS };
  const response = await search(question, wanted, { signal, accept: "text/event-stream, application/json" });
  if (!isStream(response)) {
    const page = await answered(response);
    yield* [{ event: "order", data: page }, { event: "done", data: page }];
    return;
  }
  yield* eventsUntil(({ event }) => event === "done", response);
}

// Why an item stands where it does among the answers to `question`, or why it is not among them.
export const getWhy = (id, question, look, signal) =>
  ask(itemUrl(id, "/why"), request(bodyOf({ ...question, facets: [] }, { k: PAGE_SIZE, rerank: look }), question, { signal }));

const search = (question, wanted, options) => sent(`${base()}/search`, request(bodyOf(question, wanted), question, options));

// Only what says something: a server's own defaults are its own.
function bodyOf({ text, filter, facets, histograms, sort, mode, least, like, unlike, atoms }, wanted) {
  const body = { query: text, ...wanted, filter, facets, histograms, sort: sort ? [sort] : [], mode: mode === "vector" ? "" : mode, min_relevance: least, like, unlike };
  const said = Object.entries(body).filter(([, value]) => value !== null && value !== "" && value !== false && value?.length !== 0);
  return Object.fromEntries(atoms ? [...said, ["atoms", atoms]] : said);
}

function request(body, { picture, weight }, { signal, accept = "application/json" }) {
  if (!picture) {
    const made = json(body);
    return { ...made, signal, headers: { ...made.headers, Accept: accept } };
  }
  const form = new FormData();
  form.append("image", picture, "picture");
  form.append("image_weight", String(weight));
  for (const [name, value] of Object.entries(body)) {
    if (Array.isArray(value) && name !== "atoms") value.forEach((each) => form.append(name, each));
    else form.append(name, typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  return { method: "POST", body: form, signal, headers: { Accept: accept } };
}

// The answer to a question about an item; `onText` hears its pieces as they come.
export async function askAbout(id, { question, turns, picture }, { signal, onText }) {
  const made = json({ question, turns, picture });
  const response = await sent(itemUrl(id, "/ask"), { ...made, signal, headers: { ...made.headers, Accept: "text/event-stream, application/json" } });
  if (!isStream(response)) return answered(response);
  let answer = null;
  for await (const { event, data } of eventsUntil(({ event }) => event === "answer", response)) {
    if (event === "text") onText(data.text);
    else answer = data;
  }
  return answer;
}
