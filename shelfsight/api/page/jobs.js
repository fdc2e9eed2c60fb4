// Indexing jobs, as the server tells of them.

import { base } from "./collection.js";
import { eventsUntil } from "./events.js";
import { answered, ask, isStream, json, sent } from "./http.js";

const ENDED = new Set(["done", "failed", "cancelled"]);

export const hasEnded = ({ state }) => ENDED.has(state);

const jobUrl = (id, rest = "") => `/v1/jobs/${encodeURIComponent(id)}${rest}`;

export const failuresUrl = (id) => jobUrl(id, "/failures");

export const getJobs = async () => (await ask("/v1/jobs")).jobs;

// `source`: a file, or the text of a path or an address.
export function submitJob(source, prune) {
  if (typeof source === "string") return ask(`${base()}/jobs`, json({ source, prune }));
  const form = new FormData();
  form.append("prune", String(prune));
  form.append("catalogue", source, source.name);
  return ask(`${base()}/jobs`, { method: "POST", body: form });
}

export const cancelJob = (id) => ask(jobUrl(id, "/cancel"), { method: "POST" });

export const resumeJob = (id) => ask(jobUrl(id, "/resume"), { method: "POST" });

// The job with every change of it, until it has ended.
export async function* changesOf(job, signal) {
  const response = await sent(jobUrl(job.id, "/events"), { signal, headers: { Accept: "text/event-stream" } });
  if (!isStream(response)) {
    await answered(response);
    return;
  }
  let now = job;
  for await (const { event, data } of eventsUntil(({ event, data }) => event === "state" && hasEnded(data), response)) {
    if (event === "state") now = data;
    else if (event === "progress") now = { ...now, progress: data };
    yield now;
  }
}
