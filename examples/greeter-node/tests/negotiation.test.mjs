import assert from "node:assert/strict";
import { test } from "node:test";

import { negotiate, parseAcceptLanguage } from "../src/negotiation.mjs";

test("wishes are ordered by quality and keep their order among equals", () => {
  const tags = parseAcceptLanguage("fr;q=0.5, de, en;q=0.8, es").map((entry) => entry.tag);
  assert.deepEqual(tags, ["de", "es", "en", "fr"]);
});

test("malformed and refused wishes are left out", () => {
  assert.deepEqual(parseAcceptLanguage("de;q=2, ;;, 1!, en;q=0, fr;q=0.25"), [{ tag: "fr", quality: 0.25 }]);
});

test("the best supported wish wins", () => {
  assert.equal(negotiate("tlh, sv-FI;q=0.9, en;q=0.1", "en"), "sv");
});

test("without a usable wish the default is taken", () => {
  assert.equal(negotiate(undefined, "en"), "en");
  assert.equal(negotiate("tlh", "fr"), "fr");
  assert.equal(negotiate("*", "fr"), "fr");
  assert.equal(negotiate("de,".repeat(1000), "fr"), "fr");
});
