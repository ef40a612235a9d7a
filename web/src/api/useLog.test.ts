import { describe, expect, it, vi } from "vitest";

import { type LogLine, LogStore } from "./useLog";

const line = (number: number): LogLine => ({ number, stepId: "s", stepName: "Test", jobName: "Build", at: "2026-01-01T00:00:00Z", text: `line ${number}` });
const lines = (from: number, to: number): LogLine[] => Array.from({ length: to - from + 1 }, (_, index) => line(from + index));

function log(): { log: LogStore; frame: () => void; frames: () => number } {
  const waiting: (() => void)[] = [];
  let frames = 0;
  const store = new LogStore((work) => waiting.push(work));
  return {
    log: store,
    frames: () => frames,
    frame() {
      for (const work of waiting.splice(0)) {
        frames += 1;
        work();
      }
    },
  };
}

describe("the log's store", () => {
  it("shows whatever comes between two frames at once", () => {
    const { log: own, frame, frames } = log();
    const seen = vi.fn();
    own.store.subscribe(seen);
    for (let from = 1; from < 1_000; from += 10) own.take(lines(from, from + 9), false);
    expect(seen).not.toHaveBeenCalled();
    frame();
    expect(frames()).toBe(1);
    expect(seen).toHaveBeenCalledTimes(1);
    expect(own.store.get().lines).toHaveLength(1_000);
  });

  it("takes each line once, also when a new connection begins before its end", () => {
    const { log: own, frame } = log();
    own.take(lines(1, 5), false);
    own.take(lines(4, 8), false);
    frame();
    own.take(lines(8, 9), true);
    frame();
    expect(own.store.get().lines.map((one) => one.number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(own.store.get().complete).toBe(true);
  });

  it("knows the line to go on from before it has shown the last ones", () => {
    const { log: own } = log();
    expect(own.nextLine).toBe(1);
    own.take(lines(1, 7), false);
    expect(own.nextLine).toBe(8);
  });

  it("is complete only when the lines before are shown", () => {
    const { log: own, frame } = log();
    own.take([], true);
    expect(own.store.get().complete).toBe(false);
    frame();
    expect(own.store.get().complete).toBe(true);
  });
});
