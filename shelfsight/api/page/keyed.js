// Where a browser can have something that needs a key: its own address, or that of a copy in this tab.

import { Problem, sent } from "./http.js";
import { currentKey } from "./key.js";

const KEPT_MS = 60_000;

export async function addressOf(url) {
  if (!currentKey()) return url;
  const response = await sent(url);
  if (!response.ok) throw new Problem({}, response.status);
  const copy = URL.createObjectURL(await response.blob());
  setTimeout(() => URL.revokeObjectURL(copy), KEPT_MS);
  return copy;
}
