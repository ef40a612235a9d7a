import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";

import { createLog } from "../src/log.mjs";
import { createApp } from "../src/server.mjs";

describe("the server", () => {
  const state = { draining: false };
  const lines = [];
  let server;
  let base;

  before(async () => {
    const log = createLog("info", { write: (line) => lines.push(JSON.parse(line)) });
    server = createApp({ config: { defaultLanguage: "en" }, log, state });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    base = `http://127.0.0.1:${server.address().port}`;
  });

  after(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  });

  const post = (body, type = "application/json") =>
    fetch(`${base}/greetings`, { method: "POST", headers: { "content-type": type }, body });

  test("greets by path and query", async () => {
    const answer = await fetch(`${base}/greetings/Ada%20Lovelace?language=fr`);
    assert.equal(answer.status, 200);
    assert.deepEqual(await answer.json(), {
      name: "Ada Lovelace",
      language: "fr",
      greeting: "Bonjour, Ada Lovelace !",
    });
  });

  test("takes the language from the header when the query is silent", async () => {
    const answer = await fetch(`${base}/greetings/Ada`, { headers: { "accept-language": "tlh, ja;q=0.4" } });
    assert.equal((await answer.json()).greeting, "こんにちは、Adaさん！");
  });

  test("greets many at once", async () => {
    const answer = await post(JSON.stringify({ names: ["Ada", "Alan"], language: "sv" }));
    const { greetings } = await answer.json();
    assert.deepEqual(greetings.map((entry) => entry.greeting), ["Hej, Ada!", "Hej, Alan!"]);
  });

  test("refuses a wrong name with the field and the rule", async () => {
    const answer = await fetch(`${base}/greetings/${"x".repeat(81)}`);
    assert.equal(answer.status, 422);
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
    assert.equal((await answer.json()).field, "name");
  });

  test("refuses a broken escape in the path", async () => {
    assert.equal((await fetch(`${base}/greetings/%E0%A4%A`)).status, 422);
  });

  test("refuses bodies that are not JSON, not lists, empty or too many", async () => {
    assert.equal((await post("{")).status, 400);
    assert.equal((await post("name=Ada", "application/x-www-form-urlencoded")).status, 415);
    assert.equal((await post("null")).status, 422);
    assert.equal((await post(JSON.stringify({ names: [] }))).status, 422);
    assert.equal((await post(JSON.stringify({ names: Array(101).fill("Ada") }))).status, 422);
  });

  test("refuses a body above its limit", async () => {
    const answer = await post(JSON.stringify({ names: ["x".repeat(70_000)] }));
    assert.equal(answer.status, 413);
  });

  test("names the allowed method", async () => {
    const answer = await fetch(`${base}/languages`, { method: "DELETE" });
    assert.equal(answer.status, 405);
    assert.equal(answer.headers.get("allow"), "GET");
  });

  test("answers 404 for unknown paths", async () => {
    assert.equal((await fetch(`${base}/nothing`)).status, 404);
  });

  test("is healthy until it drains", async () => {
    assert.deepEqual(await (await fetch(`${base}/healthz`)).json(), { status: "ok" });
    state.draining = true;
    const answer = await fetch(`${base}/healthz`);
    state.draining = false;
    assert.equal(answer.status, 503);
  });

  test("logs every request with its status", async () => {
    await (await fetch(`${base}/languages?logged`)).text();
    const line = lines.find((entry) => entry.url === "/languages?logged");
    assert.equal(line.status, 200);
  });
});
