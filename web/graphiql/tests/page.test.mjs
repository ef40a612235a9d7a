import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const source = (name) => readFileSync(new URL(`../src/${name}`, import.meta.url), "utf8");

test("the page has no inline script, style or handler", () => {
  const page = source("index.html");
  for (const [tag] of page.matchAll(/<script[^>]*>/g)) assert.match(tag, / src="\/graphiql\//);
  assert.doesNotMatch(page, /<style|\sstyle=|\son\w+=|javascript:/i);
});

test("nothing of ours names another host", () => {
  for (const name of readdirSync(new URL("../src/", import.meta.url))) {
    assert.doesNotMatch(source(name), /(https?:)?\/\/[a-z0-9-]+\.[a-z]/i, name);
  }
});

test("every file that the page names is built", () => {
  const built = readFileSync(new URL("../build.mjs", import.meta.url), "utf8");
  const ours = readdirSync(new URL("../src/", import.meta.url));
  for (const [, name] of source("index.html").matchAll(/"\/graphiql\/([^"]+)"/g)) {
    assert.ok(ours.includes(name) || built.includes(`/${name}"`), name);
  }
});

test("the lock file names no registry", () => {
  const lock = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8"));
  for (const [path, entry] of Object.entries(lock.packages)) assert.equal(entry.resolved, undefined, path);
});
