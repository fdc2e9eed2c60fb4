// Requests to the server: its key goes along, and what is no answer becomes a `Problem`.

import { anotherKey, currentKey, keyHeader } from "./key.js";

export class Problem extends Error {
  constructor(document, status) {
    super(document.detail || `The server answered ${status}.`);
    this.hint = document.hint || "";
    this.status = status;
  }
}

// The response, whatever its status, but 401 only where nobody has a key to give.
export async function sent(url, options = {}) {
  for (;;) {
    const key = currentKey();
    const response = await tried(url, { ...options, headers: { ...options.headers, ...keyHeader() } });
    if (response.status !== 401) return response;
    if (!(await anotherKey(key, await documentOf(response.clone())))) return response;
  }
}

async function tried(url, options) {
  try {
    return await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ detail: "The server cannot be reached.", hint: "Is it still running?" }, 0);
  }
}

export async function answered(response) {
  if (response.ok) return response.json();
  throw new Problem(await documentOf(response), response.status);
}

async function documentOf(response) {
  try {
    return await response.json();
  } catch {
    return {}; // from something between us and the server; the status is all there is to tell
  }
}

export const ask = async (url, options) => answered(await sent(url, options));

export const json = (document) => ({ method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(document) });

export const parameters = (entries) => {
  const kept = entries.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return new URLSearchParams(kept).toString();
};

export const isStream = (response) => response.ok && response.headers.get("content-type")?.startsWith("text/event-stream");
