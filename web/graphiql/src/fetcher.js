import { readEvents } from "./sse.js";

const RESULT = "application/graphql-response+json, application/json;q=0.9";

/**
 * The fetcher that GraphiQL calls: queries and mutations by POST, subscriptions as server-sent events on
 * the same path, so that both carry the bearer token. `token` is asked anew for every request.
 */
export function createFetcher({ url, token, fetch }) {
  return (params, options = {}) => {
    const request = { url, token, fetch, params, headers: options.headers ?? {} };
    return isSubscription(params, options.documentAST) ? subscribe(request) : query(request);
  };
}

/** Whether the operation that would run is a subscription. */
export function isSubscription({ operationName }, document) {
  const operations = (document?.definitions ?? []).filter((entry) => entry.kind === "OperationDefinition");
  const chosen = operationName
    ? operations.find((entry) => entry.name?.value === operationName)
    : operations[0];
  return chosen?.operation === "subscription";
}

function post({ url, token, fetch, params, headers }, accept, signal) {
  const bearer = token();
  return fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept,
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...headers,
    },
    body: JSON.stringify(params),
    credentials: "omit",
    signal,
  });
}

async function query(request) {
  return readResult(await post(request, RESULT));
}

async function readResult(response) {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return { errors: [{ message: `HTTP ${response.status}: ${text.slice(0, 500) || response.statusText}` }] };
  }
}

async function* subscribe(request) {
  const controller = new AbortController();
  try {
    const response = await post(request, "text/event-stream", controller.signal);
    if (!(response.headers.get("content-type") ?? "").startsWith("text/event-stream")) {
      yield await readResult(response);
      return;
    }
    for await (const { event, data } of readEvents(chunksOf(response.body))) {
      if (event === "complete") return;
      if (event === "next") yield JSON.parse(data);
    }
  } finally {
    // Leaving early, as "Stop" does, must close the connection.
    controller.abort();
  }
}

// Not every browser can iterate a ReadableStream.
async function* chunksOf(body) {
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
