import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { SocketEvents } from "./client";

interface Sink {
  next: (answer: { data: { deliveryEvents: unknown } }) => void;
  error: (error: unknown) => void;
  complete: () => void;
}

/** What the page asked of the socket, and the hands to answer it with. */
const wire = {
  head: 10,
  events: null as SocketEvents | null,
  sinks: [] as { sink: Sink; after: () => string | null; stopped: boolean }[],
};

vi.mock("./client", () => ({
  client: { query: () => ({ toPromise: async () => ({ data: { ledger: { sequence: wire.head } } }) }) },
  openSocket(events: SocketEvents) {
    wire.events = events;
    return {
      dispose: vi.fn(),
      subscribe(request: { variables: { after: string | null } }, sink: Sink) {
        const entry = { sink, after: () => request.variables.after, stopped: false };
        wire.sinks.push(entry);
        return () => (entry.stopped = true);
      },
    };
  },
}));

const event = (sequence: number) => ({ __typename: "DeliveryEvent", cursor: `cursor-${sequence}`, sequence, eventType: "ReleaseReady" });
const newest = () => {
  const entry = wire.sinks.at(-1);
  if (!entry) throw new Error("nothing is subscribed");
  return entry;
};
const send = (item: unknown) => newest().sink.next({ data: { deliveryEvents: item } });

async function page(): Promise<typeof import("./live")> {
  vi.resetModules();
  // Each test is a page of its own: the ones before listen no longer.
  for (const old of listening.splice(0)) document.removeEventListener("visibilitychange", old);
  vi.spyOn(document, "addEventListener").mockImplementation((name: string, listener: EventListenerOrEventListenerObject) => {
    if (name === "visibilitychange") listening.push(listener);
    add(name, listener);
  });
  const session = await import("./session");
  session.signIn("opaque", false);
  return await import("./live");
}

const listening: EventListenerOrEventListenerObject[] = [];
const add = document.addEventListener.bind(document);

function hide(hidden: boolean): void {
  Object.defineProperty(document, "hidden", { configurable: true, value: hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}

beforeEach(() => {
  vi.useFakeTimers();
  Object.assign(wire, { head: 10, events: null, sinks: [] });
});
afterEach(() => {
  hide(false);
  vi.useRealTimers();
});

describe("the tab's stream", () => {
  it("begins after the first answer that knows its place, and only once", async () => {
    const { beginAt } = await page();
    beginAt(7);
    beginAt(9);
    expect(wire.sinks).toHaveLength(1);
    expect(newest().after()).toBe("7");
  });

  it("begins at the ledger's end for views whose answers know no place", async () => {
    const { begin } = await page();
    await Promise.all([begin(), begin()]);
    expect(wire.sinks).toHaveLength(1);
    expect(newest().after()).toBe("10");
  });

  it("hands every event to every view, and goes on after the last one", async () => {
    const { beginAt, live, onEvent } = await page();
    const seen: number[] = [];
    onEvent(({ sequence }) => seen.push(sequence));
    beginAt(10);
    wire.events?.connected();
    await vi.advanceTimersByTimeAsync(0);
    send(event(11));
    send(event(12));
    expect(seen).toEqual([11, 12]);
    wire.events?.closed(1006, "");
    expect(live.get().phase).toBe("stale");
    // The socket's own retry sends the variables again: they have moved along.
    expect(newest().after()).toBe("cursor-12");
    wire.head = 15;
    wire.events?.connected();
    await vi.advanceTimersByTimeAsync(0);
    expect(live.get().phase).toBe("catching-up");
    for (const sequence of [13, 14, 15]) send(event(sequence));
    expect(live.get().phase).toBe("live");
    expect(seen).toEqual([11, 12, 13, 14, 15]);
  });

  it("loads the views again over a gap, and goes on behind it", async () => {
    const { beginAt, live, onReload } = await page();
    const reload = vi.fn();
    onReload(reload);
    beginAt(10);
    send({ __typename: "StreamGap", from: 11, to: 40, reason: "RETENTION", cursor: "cursor-40" });
    expect(reload).toHaveBeenCalledTimes(1);
    expect(newest().after()).toBe("cursor-40");
    expect(live.get().gap).toEqual({ from: 11, to: 40 });
  });

  it("comes back when the server ends the stream", async () => {
    const { beginAt } = await page();
    beginAt(10);
    send(event(11));
    newest().sink.complete();
    await vi.advanceTimersByTimeAsync(1_500);
    expect(wire.sinks).toHaveLength(2);
    expect(newest().after()).toBe("cursor-11");
  });

  it("pauses when the tab is hidden for long, and goes on where it was", async () => {
    const { beginAt, live } = await page();
    beginAt(10);
    send(event(11));
    hide(true);
    await vi.advanceTimersByTimeAsync(10_000);
    hide(false);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(newest().stopped).toBe(false);
    hide(true);
    await vi.advanceTimersByTimeAsync(31_000);
    expect(live.get().phase).toBe("paused");
    expect(newest().stopped).toBe(true);
    hide(false);
    expect(wire.sinks).toHaveLength(2);
    expect(newest().after()).toBe("cursor-11");
  });
});
