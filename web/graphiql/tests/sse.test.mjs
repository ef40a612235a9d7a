import assert from "node:assert/strict";
import { test } from "node:test";

import { readEvents } from "../src/sse.js";

const STREAM = ': ping\n\nevent: next\nid: 7\ndata: {"a":\ndata: "ü"}\n\r\nevent:complete\r\ndata\r\n\r\nevent: lost\n';

async function read(text, size) {
  const bytes = new TextEncoder().encode(text);
  async function* chunks() {
    for (let start = 0; start < bytes.length; start += size) yield bytes.slice(start, start + size);
  }
  const events = [];
  for await (const event of readEvents(chunks())) events.push(event);
  return events;
}

test("events are read however the bytes are cut", async () => {
  for (const size of [1, 2, 3, 5, 1000]) {
    assert.deepEqual(
      await read(STREAM, size),
      [
        { event: "next", data: '{"a":\n"ü"}', id: "7" },
        { event: "complete", data: "", id: undefined },
      ],
      `cut every ${size} bytes`,
    );
  }
});
