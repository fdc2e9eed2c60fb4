// Server-sent events read from a response: `EventSource` can neither POST nor send a key.

import { Problem } from "./http.js";

// Yields `{event, data}` until `last` came, data read as JSON. Where the stream ends before, or says `error`, it throws.
export async function* eventsUntil(last, response) {
  try {
    for await (const message of messages(response.body)) {
      if (message.event === "error") throw new Problem(message.data, 0);
      yield message;
      if (last(message)) return;
    }
  } catch (error) {
    if (error.name === "AbortError" || error instanceof Problem) throw error;
    // The connection or the text of an event broke; either way the answer is not whole.
  }
  throw new Problem({ detail: "The answer broke off.", hint: "Ask again." }, 0);
}

async function* messages(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split(/\r?\n\r?\n/);
      rest = blocks.pop();
      yield* blocks.map(read).filter(({ data }) => data !== undefined);
    }
  } finally {
    reader.cancel().catch(() => {}); // it may have failed already, which the reader has heard
  }
}

// A block without data, a comment that keeps the connection awake say, has none here either.
function read(block) {
  const message = { event: "message" };
  for (const line of block.split(/\r?\n/)) {
    const [, name, value] = /^(event|data): ?(.*)$/s.exec(line) ?? [];
    if (name === "event") message.event = value;
    else if (name === "data") message.data = message.data === undefined ? value : `${message.data}\n${value}`;
  }
  return message.data === undefined ? message : { ...message, data: JSON.parse(message.data) };
}
