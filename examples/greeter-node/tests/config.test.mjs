import assert from "node:assert/strict";
import { test } from "node:test";

import { readConfig } from "../src/config.mjs";
import { createLog } from "../src/log.mjs";

test("an empty environment gives the documented defaults", () => {
  assert.deepEqual(readConfig({}), { host: "127.0.0.1", port: 8080, defaultLanguage: "en", logLevel: "info" });
});

test("a wrong setting is refused with the name of its variable", () => {
  assert.throws(() => readConfig({ PORT: "http" }), /^Error: PORT: /);
  assert.throws(() => readConfig({ PORT: "70000" }), /^Error: PORT: /);
  assert.throws(() => readConfig({ DEFAULT_LANGUAGE: "xx" }), /^Error: DEFAULT_LANGUAGE: /);
  assert.throws(() => readConfig({ LOG_LEVEL: "loud" }), /^Error: LOG_LEVEL: /);
});

test("log lines below the level are dropped and the others are JSON", () => {
  const lines = [];
  const log = createLog("warn", { write: (line) => lines.push(line) });
  log.debug("a");
  log.info("b");
  log.warn("c", { port: 1 });
  log.error("d");
  assert.deepEqual(lines.map((line) => JSON.parse(line).message), ["c", "d"]);
  assert.equal(JSON.parse(lines[0]).port, 1);
});
