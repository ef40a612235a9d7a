import assert from "node:assert/strict";
import { test } from "node:test";

import { clean, describe, load, save, takeToken } from "../src/token.js";

test("the token is taken from the fragment and leaves the address", () => {
  assert.deepEqual(takeToken("http://127.0.0.1:8080/graphiql#token=abc.def&tab=1"), {
    token: "abc.def",
    address: "http://127.0.0.1:8080/graphiql#tab=1",
  });
  assert.deepEqual(takeToken("http://127.0.0.1:8080/graphiql#token=abc"), {
    token: "abc",
    address: "http://127.0.0.1:8080/graphiql",
  });
});

test("an empty token leaves the address too and is none", () => {
  assert.deepEqual(takeToken("http://h/graphiql#token="), { token: undefined, address: "http://h/graphiql" });
});

test("an address without a token stays as it is", () => {
  const href = "http://h/graphiql?a=1#b";
  assert.deepEqual(takeToken(href), { token: undefined, address: href });
});

test("a pasted header value is understood", () => {
  assert.equal(clean("  Bearer abc \n"), "abc");
  assert.equal(clean("   "), undefined);
  assert.equal(clean(null), undefined);
});

test("the claims are shown and anything else is no JWT", () => {
  const claims = Buffer.from(JSON.stringify({ sub: "zoë", tenant: "acme", exp: 60 })).toString("base64url");
  assert.deepEqual(describe(`h.${claims}.s`), { subject: "zoë", tenant: "acme", until: new Date(60_000) });
  assert.equal(describe("opaque"), undefined);
  assert.equal(describe("a.%%%.c"), undefined);
});

test("a token is kept until it is forgotten", () => {
  const map = new Map();
  const storage = {
    getItem: (key) => map.get(key) ?? null,
    setItem: (key, value) => map.set(key, value),
    removeItem: (key) => map.delete(key),
  };
  save(storage, "abc");
  assert.equal(load(storage), "abc");
  save(storage, undefined);
  assert.equal(load(storage), undefined);
  assert.equal(map.size, 0);
});
