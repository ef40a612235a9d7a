import assert from "node:assert/strict";
import { test } from "node:test";

import { CATALOGUE } from "../src/catalogue.mjs";
import { InvalidInput, MAX_NAME_LENGTH, cleanName, greet, languages, supported } from "../src/greeting.mjs";

test("a person is greeted in the language asked for", () => {
  assert.deepEqual(greet("Ada", "en"), { name: "Ada", language: "en", greeting: "Hello, Ada!" });
});

test("the German greeting is the formal one", () => {
  assert.equal(greet("Ada", "de").greeting, "Guten Tag, Ada!");
});

test("a regional variant falls back to its language", () => {
  assert.equal(supported("de-AT"), "de");
  assert.equal(supported(" PT-br "), "pt");
  assert.equal(supported("tlh"), undefined);
});

test("every greeting on offer names the person exactly once", () => {
  for (const [language, template] of CATALOGUE) {
    assert.equal(template.split("{name}").length, 2, language);
  }
});

test("the languages are listed in order", () => {
  assert.deepEqual(languages(), [...languages()].sort());
  assert.ok(languages().includes("is"));
});

test("an unknown language is refused with those on offer", () => {
  assert.throws(() => greet("Ada", "xx"), (error) => {
    assert.ok(error instanceof InvalidInput);
    assert.equal(error.field, "language");
    assert.match(error.rule, /de, en/);
    return true;
  });
});

test("blanks around and within a name are tidied", () => {
  assert.equal(cleanName("  Ada   Lovelace "), "Ada Lovelace");
});

test("a decomposed name is composed", () => {
  assert.equal(cleanName("Zoe\u0308"), "Zoë");
});

test("an empty name, a number and a control character are refused", () => {
  for (const value of ["", "   ", 7, null, undefined, "A\u0000da", "A\nda"]) {
    assert.throws(() => cleanName(value), InvalidInput);
  }
});

test("the length of a name is counted in characters, not code units", () => {
  const longest = "🎉".repeat(MAX_NAME_LENGTH);
  assert.equal(cleanName(longest), longest);
  assert.throws(() => cleanName(`${longest}🎉`), /at most 80/);
});

test("a name that looks like a replacement pattern is greeted as it is", () => {
  assert.equal(greet("$& $1 {name}", "en").greeting, "Hello, $& $1 {name}!");
});
