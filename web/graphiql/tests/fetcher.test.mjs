import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { parse } from "graphql";

import { createFetcher, isSubscription } from "../src/fetcher.js";

const seen = [];
let server;
let url;
let closed;

before(async () => {
  server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = JSON.parse(Buffer.concat(chunks).toString());
    seen.push({ headers: request.headers, body });
    if (body.query.includes("refused")) {
      response.writeHead(401, { "content-type": "application/json" });
      return response.end('{"errors":[{"message":"who are you?"}]}');
    }
    if (body.query.includes("broken")) return response.writeHead(502).end("bad gateway");
    if (request.headers.accept !== "text/event-stream") return response.end('{"data":{"a":1}}');
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    response.write(':\n\nevent: next\ndata: {"data":{"a":1}}\n\n');
    closed = once(response, "close");
    if (body.query.includes("endless")) return undefined;
    return response.end('event: next\ndata: {"data":{"a":2}}\n\nevent: complete\ndata: \n\nevent: next\ndata: {}\n\n');
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${server.address().port}/graphql`;
});

after(() => {
  server.close();
  server.closeAllConnections();
});

function run(query, { token, headers } = {}) {
  return createFetcher({ url, token: () => token, fetch })({ query }, { documentAST: parse(query), headers });
}

async function all(iterable) {
  const items = [];
  for await (const item of iterable) items.push(item);
  return items;
}

test("a query goes out as JSON with the token of the moment", async () => {
  assert.deepEqual(await run("{ a }", { token: "t1", headers: { "x-trace": "7" } }), { data: { a: 1 } });
  const { headers, body } = seen.at(-1);
  assert.equal(headers["content-type"], "application/json");
  assert.equal(headers.authorization, "Bearer t1");
  assert.equal(headers["x-trace"], "7");
  assert.deepEqual(body, { query: "{ a }" });
});

test("without a token no authorization is sent", async () => {
  await run("{ a }");
  assert.equal(seen.at(-1).headers.authorization, undefined);
});

test("a subscription yields each result and ends with complete", async () => {
  const items = await all(run("subscription { a }", { token: "t2" }));
  assert.deepEqual(items, [{ data: { a: 1 } }, { data: { a: 2 } }]);
  assert.equal(seen.at(-1).headers.authorization, "Bearer t2");
});

test("leaving a subscription closes its connection", async () => {
  const iterator = run("subscription { endless }");
  assert.deepEqual((await iterator.next()).value, { data: { a: 1 } });
  await iterator.return();
  await closed;
});

test("a refusal is shown as the result, for queries and subscriptions", async () => {
  const expected = { errors: [{ message: "who are you?" }] };
  assert.deepEqual(await run("{ refused }"), expected);
  assert.deepEqual(await all(run("subscription { refused }")), [expected]);
});

test("an answer that is not JSON becomes an error that can be read", async () => {
  assert.deepEqual(await run("{ broken }"), { errors: [{ message: "HTTP 502: bad gateway" }] });
});

test("the operation asked for decides, not the first of the document", () => {
  const document = parse("query A { a } subscription B { a }");
  assert.equal(isSubscription({ operationName: "A" }, document), false);
  assert.equal(isSubscription({ operationName: "B" }, document), true);
  assert.equal(isSubscription({}, undefined), false);
});
