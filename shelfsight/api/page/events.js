// Server-sent events of an answer to a POST, which a browser's EventSource cannot read.

// Yields `{event, data}`, data read as JSON.
export async function* eventsOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      yield* blocks.map(read);
    }
  } finally {
    reader.cancel().catch(() => {}); // it may have failed already, which the reader has heard
  }
}

function read(block) {
  const lines = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s, 2)));
  return { event: lines.event, data: JSON.parse(lines.data) };
}
