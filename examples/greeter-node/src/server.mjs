import { createServer } from "node:http";

import { InvalidInput, greet, languages } from "./greeting.mjs";
import { negotiate } from "./negotiation.mjs";

const MAX_BODY_BYTES = 64 * 1024;
// What is read, and thrown away, of a body that is too large: closing on unread bytes would reset the
// connection and the caller would never see the refusal.
const MAX_DISCARDED_BYTES = 1024 * 1024;
const MAX_NAMES = 100;

/** An answer that is not the happy one: becomes problem details. */
class Problem extends Error {
  constructor(status, title, extra = {}) {
    super(title);
    this.status = status;
    this.extra = extra;
  }
}

/**
 * Makes the HTTP server, not yet listening. `state.draining` turns `/healthz` to 503, so that a
 * load balancer stops sending before the server goes.
 */
export function createApp({ config, log, state = { draining: false } }) {
  return createServer((request, response) => {
    const started = process.hrtime.bigint();
    response.on("finish", () => {
      const milliseconds = Number(process.hrtime.bigint() - started) / 1e6;
      log.info("request", { method: request.method, url: request.url, status: response.statusCode, milliseconds });
    });
    route(request, { config, state }).then(
      (body) => send(response, 200, "application/json", body),
      (error) => sendProblem(response, error, log),
    );
  });
}

async function route(request, { config, state }) {
  const url = parseUrl(request.url);
  const path = url.pathname;
  if (path === "/healthz") return allow(request, "GET", () => health(state));
  if (path === "/languages") return allow(request, "GET", () => ({ languages: languages() }));
  if (path === "/greetings") return allow(request, "POST", () => greetMany(request, config));
  const single = /^\/greetings\/([^/]+)$/.exec(path);
  if (single) return allow(request, "GET", () => greetOne(request, url, single[1], config));
  throw new Problem(404, "There is nothing at this path.");
}

function parseUrl(target) {
  try {
    return new URL(target, "http://greeter.invalid");
  } catch {
    throw new Problem(400, "The request target is not a URL.");
  }
}

function allow(request, method, handler) {
  if (request.method === method) return handler();
  throw new Problem(405, `Only ${method} is allowed here.`, { allow: method });
}

function health(state) {
  if (state.draining) throw new Problem(503, "Shutting down.");
  return { status: "ok" };
}

function greetOne(request, url, encodedName, config) {
  const language =
    url.searchParams.get("language") ??
    negotiate(request.headers["accept-language"], config.defaultLanguage);
  return greet(decode(encodedName), language);
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new InvalidInput("name", "must be percent-encoded UTF-8");
  }
}

async function greetMany(request, config) {
  const body = await readJson(request);
  if (!Array.isArray(body?.names)) throw new InvalidInput("names", "must be a list");
  if (body.names.length === 0) throw new InvalidInput("names", "must not be empty");
  if (body.names.length > MAX_NAMES) throw new InvalidInput("names", `must have at most ${MAX_NAMES} entries`);
  const language =
    body.language ?? negotiate(request.headers["accept-language"], config.defaultLanguage);
  return { greetings: body.names.map((name) => greet(name, language)) };
}

async function readJson(request) {
  if (!/^application\/json\s*(;|$)/i.test(request.headers["content-type"] ?? "")) {
    throw new Problem(415, "The body must be application/json.");
  }
  const chunks = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
    else if (size > MAX_DISCARDED_BYTES) break;
  }
  if (size > MAX_BODY_BYTES) throw new Problem(413, `The body may have at most ${MAX_BODY_BYTES} bytes.`);
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new Problem(400, "The body is not JSON.");
  }
}

function send(response, status, type, body, headers = {}) {
  const text = JSON.stringify(body);
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(text), ...headers });
  response.end(text);
}

function sendProblem(response, error, log) {
  if (error instanceof InvalidInput) {
    const body = { status: 422, title: error.message, field: error.field, rule: error.rule };
    return send(response, 422, "application/problem+json", body);
  }
  if (error instanceof Problem) {
    // The rest of a refused body may be unread: the connection cannot be used again.
    const headers = { ...error.extra, ...(error.status === 413 ? { connection: "close" } : {}) };
    return send(response, error.status, "application/problem+json", { status: error.status, title: error.message }, headers);
  }
  log.error("unexpected", { error: String(error) });
  return send(response, 500, "application/problem+json", { status: 500, title: "Something went wrong." });
}
