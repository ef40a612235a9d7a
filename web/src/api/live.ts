import type { Client as SocketClient } from "graphql-ws";

import { LedgerHeadDocument, WatchDeliveryDocument, type WatchDeliverySubscription } from "@/gql/graphql";
import { print } from "graphql";

import { client, openSocket } from "./client";
import { IDLE, type LiveInput, type LiveState, next } from "./machine";
import { read, samePerson, session } from "./session";
import { createStore, useStore } from "./store";

/** An event, as views get it. */
export type LiveEvent = Extract<WatchDeliverySubscription["deliveryEvents"], { __typename: "DeliveryEvent" }>;

/** How long a hidden tab goes on listening, in milliseconds. */
const HIDDEN = 30_000;
/** How long without an event until the stream counts as caught up, in milliseconds. */
const SETTLED = 1_500;

export const live = createStore<LiveState>(IDLE);
export const useLive = (): LiveState => useStore(live);

const handlers = new Set<(event: LiveEvent) => void>();
const reloads = new Set<() => void>();
/** The one subscription of the tab. Its `after` moves with the events: a new connection begins there. */
const variables: { after: string | null } = { after: null };
let socket: SocketClient | null = null;
let stop: (() => void) | null = null;
let hiding: ReturnType<typeof setTimeout> | undefined;
let settling: ReturnType<typeof setTimeout> | undefined;
let beginning: Promise<void> | null = null;
/** The place after which the stream began. */
let begun = 0;
/** Which socket is the tab's. */
let attempt = 0;

function tell(input: LiveInput): void {
  live.set(next(live.get(), input, Date.now()));
}

/** Calls `handler` for every event, once and in order, until the returned function is called. */
export function onEvent(handler: (event: LiveEvent) => void): () => void {
  handlers.add(handler);
  return () => handlers.delete(handler);
}

/** Calls `reload` when events are missing for good, so that what is shown must be loaded again. */
export function onReload(reload: () => void): () => void {
  reloads.add(reload);
  return () => reloads.delete(reload);
}

/**
 * Begins after an answer that knows its place in the ledger. When the stream has begun already, tells whether it covers
 * everything after the answer; if not, the question must be asked again.
 */
export function beginAt(sequence: number): boolean {
  if (live.get().phase !== "idle") return sequence >= begun;
  begun = sequence;
  variables.after = String(sequence);
  tell({ kind: "began", sequence });
  listen();
  return true;
}

/** Begins by itself where no view does so, and tries again for as long as the server does not answer. */
export function keepBegun(): () => void {
  const look = setInterval(() => {
    const { token, ended } = session.get();
    if (token && !ended && live.get().phase === "idle") void begin();
  }, 1_000);
  return () => clearInterval(look);
}

/** Begins at the ledger's end, for views whose answers know no place. Query after it, not before. */
export function begin(): Promise<void> {
  if (live.get().phase !== "idle") return Promise.resolve();
  beginning ??= head().then((sequence) => {
    beginning = null;
    if (sequence !== null) beginAt(sequence);
  });
  return beginning;
}

async function head(): Promise<number | null> {
  const answer = await client.query(LedgerHeadDocument, {}, { requestPolicy: "network-only" }).toPromise();
  return answer.data?.ledger.sequence ?? null;
}

// Each time on a socket of its own: what an earlier one still says is not about this one.
function listen(): void {
  leave();
  const own = ++attempt;
  const mine = (work: () => void) => () => {
    if (own === attempt) work();
  };
  socket = openSocket({ connected: mine(() => void connected()), closed: mine(() => tell({ kind: "lost" })) });
  // The client sends this object as it is when it connects, again and again.
  const request = { query: print(WatchDeliveryDocument), operationName: "WatchDelivery", variables };
  stop = socket.subscribe<WatchDeliverySubscription>(request, {
    next: ({ data }) => {
      if (data && own === attempt) take(data.deliveryEvents);
    },
    error: mine(again),
    complete: mine(again),
  });
}

function leave(): void {
  attempt += 1;
  stop?.();
  stop = null;
  void socket?.dispose();
  socket = null;
}

// The server ended the stream, or the client gave up: come back, but not in a tight circle.
function again(): void {
  stop = null;
  tell({ kind: "lost" });
  const { token, ended } = session.get();
  if (!token || ended || live.get().phase === "paused") return;
  setTimeout(() => {
    if (!stop && live.get().phase === "stale") listen();
  }, 1_000);
}

async function connected(): Promise<void> {
  const end = await head().catch(() => null);
  if (!stop) return;
  tell({ kind: "connected", head: end });
  settle();
}

function settle(): void {
  clearTimeout(settling);
  settling = setTimeout(() => tell({ kind: "settled" }), SETTLED);
}

function take(item: WatchDeliverySubscription["deliveryEvents"]): void {
  if (item.cursor) variables.after = item.cursor;
  if (item.__typename === "StreamGap") {
    tell({ kind: "gap", from: item.from, to: item.to });
    for (const reload of [...reloads]) reload();
    return;
  }
  tell({ kind: "event", sequence: item.sequence });
  if (live.get().phase === "catching-up") settle();
  for (const handler of [...handlers]) handler(item);
}

/** The user has read that events are missing. */
export function gapSeen(): void {
  tell({ kind: "gap-seen" });
}

function pauseListening(): void {
  tell({ kind: "hidden" });
  leave();
}

function follow(): void {
  clearTimeout(hiding);
  if (document.hidden) {
    hiding = setTimeout(pauseListening, HIDDEN);
  } else if (live.get().phase === "paused") {
    tell({ kind: "shown" });
    listen();
  }
}

document.addEventListener("visibilitychange", follow);

let token = session.get().token;
session.subscribe(() => {
  const now = session.get();
  if (now.token === token) return;
  const before = token;
  token = now.token;
  leave();
  // The same person with a new token goes on where they were; somebody else begins anew.
  const resumes = before !== null && now.token !== null && live.get().position !== null && samePerson(read(before), now);
  if (resumes) {
    tell({ kind: "lost" });
    listen();
  } else {
    variables.after = null;
    live.set(IDLE);
  }
});
