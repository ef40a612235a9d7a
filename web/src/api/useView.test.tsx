import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { DeliveryBoardDocument } from "@/gql/graphql";

import type { LiveEvent } from "./live";
import { type Concerns, concerns, useView } from "./useView";

const { handlers, reloads, query } = vi.hoisted(() => ({
  handlers: new Set<(event: LiveEvent) => void>(),
  reloads: new Set<() => void>(),
  query: vi.fn(),
}));

vi.mock("./client", () => ({ client: { query: (...all: unknown[]) => ({ toPromise: () => query(...all) }) } }));
vi.mock("./live", async () => {
  const { createStore } = await import("./store");
  const follow = <T,>(set: Set<T>) => (one: T) => {
    set.add(one);
    return () => set.delete(one);
  };
  return {
    begin: async () => undefined,
    beginAt: () => true,
    live: createStore({ phase: "live" }),
    onEvent: follow(handlers),
    onReload: follow(reloads),
  };
});
vi.mock("./session", () => ({ useSession: () => ({ token: "opaque" }) }));

const event = (more: Partial<LiveEvent> = {}): LiveEvent => ({
  __typename: "DeliveryEvent", cursor: "c", sequence: 11, eventType: "ReleaseReady", occurredAt: "2026-01-01T00:00:00Z",
  correlationId: "x", projectId: "demo", moduleId: "api", actor: { kind: "USER", id: "ada" }, node: null,
  event: { eventId: "e", subject: { kind: "ReleasePlan", id: "release_1" }, payload: {} }, ...more,
});

const settle = () => act(() => vi.advanceTimersByTimeAsync(0));

beforeEach(() => {
  vi.useFakeTimers();
  handlers.clear();
  query.mockReset();
});
afterEach(() => vi.useRealTimers());

describe("what concerns a view", () => {
  it.each<[Concerns, boolean]>([
    [{}, true],
    [{ types: ["ReleaseReady"] }, true],
    [{ types: ["BuildCompleted"] }, false],
    [{ projectId: "demo" }, true],
    [{ projectId: "other" }, false],
    [{ moduleId: "web" }, false],
    [{ ids: ["release_1"] }, true],
    [{ ids: ["release_2"] }, false],
  ])("%o: %s", (wanted, expected) => {
    expect(concerns(event(), wanted)).toBe(expected);
  });
});

describe("a view", () => {
  const board = () => renderHook(() => useView(DeliveryBoardDocument, { projectId: "demo" }, { live: { projectId: "demo" } }));

  it("asks once for many events at a time", async () => {
    query.mockResolvedValue({ data: { deliveryBoard: null } });
    board();
    await settle();
    expect(query).toHaveBeenCalledTimes(1);
    for (let count = 0; count < 50; count += 1) for (const handler of handlers) handler(event());
    await act(() => vi.advanceTimersByTimeAsync(600));
    expect(query).toHaveBeenCalledTimes(2);
    for (const handler of handlers) handler(event({ projectId: "other" }));
    await act(() => vi.advanceTimersByTimeAsync(600));
    expect(query).toHaveBeenCalledTimes(2);
  });

  it("keeps what it showed when the server stops answering, and says so", async () => {
    query.mockResolvedValueOnce({ data: { deliveryBoard: null } });
    const { result } = board();
    await settle();
    expect(result.current).toMatchObject({ data: { deliveryBoard: null }, error: undefined, loading: false });
    query.mockResolvedValueOnce({ error: { graphQLErrors: [], networkError: new Error("gone") } });
    act(() => result.current.refresh());
    await settle();
    expect(result.current.data).toEqual({ deliveryBoard: null });
    expect(result.current.error?.message).toContain("The server does not answer");
  });

  it("never shows the answer to an older question", async () => {
    let first: (answer: unknown) => void = () => undefined;
    query.mockReturnValueOnce(new Promise((done) => (first = done)));
    const { result } = board();
    await settle();
    query.mockResolvedValueOnce({ data: { deliveryBoard: { sequence: 2 } } });
    act(() => result.current.refresh());
    await settle();
    first({ data: { deliveryBoard: { sequence: 1 } } });
    await settle();
    expect(result.current.data).toEqual({ deliveryBoard: { sequence: 2 } });
  });
});
