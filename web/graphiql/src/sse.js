/**
 * Reads a `text/event-stream`: yields `{ event, data, id }` per event, comments and empty events left out.
 * `chunks` is an async iterable of bytes, cut anywhere.
 */
export async function* readEvents(chunks) {
  const decoder = new TextDecoder();
  let buffer = "";
  let event = fresh();
  for await (const chunk of chunks) {
    buffer += decoder.decode(chunk, { stream: true });
    // A "\r" at the end may be half of "\r\n": it waits for the next chunk.
    const lines = buffer.split(/\r\n|\n|\r(?!$)/);
    buffer = lines.pop();
    for (const line of lines) {
      if (line !== "") take(event, line);
      else {
        if (event.lines.length > 0) yield { event: event.name, data: event.lines.join("\n"), id: event.id };
        event = fresh();
      }
    }
  }
}

function fresh() {
  return { name: "message", lines: [], id: undefined };
}

function take(event, line) {
  const colon = line.indexOf(":");
  if (colon === 0) return;
  const field = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
  if (field === "event") event.name = value;
  else if (field === "data") event.lines.push(value);
  else if (field === "id") event.id = value;
}
