import { Client, fetchExchange, mapExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { type Client as SocketClient, createClient } from "graphql-ws";

import { KEYLESS } from "@/gql/keyless";

import { troubleOf } from "./errors";
import { endSession, session } from "./session";

function newClient(): Client {
  return new Client({
    url: "/graphql",
    preferGetMethod: false,
    fetchOptions: () => ({
      headers: {
        authorization: `Bearer ${session.get().token ?? ""}`,
        accept: "application/graphql-response+json, application/json;q=0.9",
      },
    }),
    exchanges: [
      mapExchange({
        onError(error) {
          const { code, message } = troubleOf(error);
          if (code === "UNAUTHENTICATED") endSession(message);
        },
      }),
      cacheExchange({
        keys: Object.fromEntries(KEYLESS.map((name) => [name, () => null])),
        // Lists change with every event: what is shown comes from the newest answer.
        logger: (level, message) => {
          if (level === "error") console.error(message);
        },
      }),
      fetchExchange,
    ],
  });
}

/** The GraphQL client; it is a new one for each session, so that nobody sees another's cache. */
export let client = newClient();

let token = session.get().token;
session.subscribe(() => {
  const now = session.get();
  if (now.token === token) return;
  token = now.token;
  client = newClient();
});

/** The socket's fate, for those who show it. */
export interface SocketEvents {
  connected(): void;
  closed(code: number, reason: string): void;
}

/** How long to wait before attempt `retries`, in milliseconds: longer each time, up to ten seconds, and never in step with others. */
export function pause(retries: number, random: number): number {
  return Math.min(10_000, 250 * 2 ** Math.min(retries, 6)) * (0.5 + random / 2);
}

/** One socket, which comes back by itself until it is disposed of. */
export function openSocket(events: SocketEvents): SocketClient {
  const url = `${window.location.origin.replace(/^http/, "ws")}/graphql`;
  return createClient({
    url,
    lazy: true,
    keepAlive: 12_000,
    retryAttempts: Number.POSITIVE_INFINITY,
    connectionParams: () => ({ Authorization: `Bearer ${session.get().token ?? ""}` }),
    retryWait: (retries) => new Promise((done) => setTimeout(done, pause(retries, Math.random()))),
    shouldRetry: () => !session.get().ended,
    on: {
      connected: () => events.connected(),
      closed: (event) => {
        const { code, reason } = closing(event);
        if (code === 4401 || code === 4403) endSession(`Your session has ended: ${reason || "the token was refused"}.`);
        events.closed(code, reason);
      },
    },
  });
}

function closing(event: unknown): { code: number; reason: string } {
  if (typeof event !== "object" || event === null) return { code: 1006, reason: "" };
  const code: unknown = Reflect.get(event, "code");
  const reason: unknown = Reflect.get(event, "reason");
  return { code: typeof code === "number" ? code : 1006, reason: typeof reason === "string" ? reason : "" };
}

