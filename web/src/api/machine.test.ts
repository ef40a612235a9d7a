import { describe, expect, it } from "vitest";

import { IDLE, type LiveInput, type LiveState, behind, next } from "./machine";

/** The state after these inputs, one second apart. */
function after(...inputs: LiveInput[]): LiveState {
  return inputs.reduce((state, input, index) => next(state, input, (index + 1) * 1_000), IDLE);
}

const began: LiveInput = { kind: "began", sequence: 10 };

describe("the stream's state", () => {
  it("is live when the connection stands at the head", () => {
    expect(after(began)).toMatchObject({ phase: "connecting", position: 10 });
    expect(after(began, { kind: "connected", head: 10 })).toMatchObject({ phase: "live", head: 10 });
  });

  it("counts what is still to come after an interruption", () => {
    const back = after(began, { kind: "connected", head: 10 }, { kind: "lost" }, { kind: "connected", head: 14 });
    expect(back.phase).toBe("catching-up");
    expect(behind(back)).toBe(4);
    const nearer = next(back, { kind: "event", sequence: 12 }, 9_000);
    expect(nearer.phase).toBe("catching-up");
    expect(behind(nearer)).toBe(2);
    const there = next(nearer, { kind: "event", sequence: 14 }, 9_500);
    expect(there.phase).toBe("live");
    expect(behind(there)).toBe(0);
  });

  it("is live when the rest are events that the caller may not see", () => {
    expect(after(began, { kind: "connected", head: 30 }, { kind: "settled" }).phase).toBe("live");
  });

  it("tells since when it is stale, and keeps its place", () => {
    const lost = after(began, { kind: "connected", head: 10 }, { kind: "event", sequence: 11 }, { kind: "lost" });
    expect(lost).toMatchObject({ phase: "stale", since: 4_000, position: 11 });
    expect(next(lost, { kind: "lost" }, 60_000).since).toBe(4_000);
  });

  it("does not take a hidden page for a lost connection", () => {
    const hidden = after(began, { kind: "connected", head: 10 }, { kind: "hidden" }, { kind: "lost" });
    expect(hidden.phase).toBe("paused");
    expect(next(hidden, { kind: "shown" }, 9_000)).toMatchObject({ phase: "connecting", position: 10 });
  });

  it("moves over a gap, and shows it until it was read", () => {
    const gap = after(began, { kind: "connected", head: 40 }, { kind: "gap", from: 11, to: 30 });
    expect(gap).toMatchObject({ position: 30, gap: { from: 11, to: 30 } });
    expect(next(gap, { kind: "gap-seen" }, 9_000).gap).toBeNull();
  });

  it("never goes back", () => {
    const late = after(began, { kind: "connected", head: 10 }, { kind: "event", sequence: 12 }, { kind: "event", sequence: 11 });
    expect(late.position).toBe(12);
  });

  it("is not moved by anything before it began", () => {
    expect(after({ kind: "lost" }, { kind: "hidden" }, { kind: "shown" }).phase).toBe("idle");
  });
});
