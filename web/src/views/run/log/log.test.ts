import { describe, expect, it } from "vitest";

import { type LogLine, LogStore } from "@/api";

import { plain } from "./ansi";
import { followed } from "./follow";
import { Reader, indexOf, parts, step } from "./search";

const line = (number: number, text = `line ${number}`): LogLine => ({ number, stepId: number % 2 ? "odd" : "even", stepName: "Test", jobName: "Build", at: null, text });
const lines = (count: number): LogLine[] => Array.from({ length: count }, (_, index) => line(index + 1));
const seekAll = (reader: Reader, text: string): number => {
  let turns = 1;
  while (reader.seek(text)) turns += 1;
  return turns;
};

describe("what a terminal would show", () => {
  it("has no sequences, titles, links or control characters", () => {
    expect(plain("\u001b[1;31mred\u001b[0m \u001b]0;title\u0007and \u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\\u0000")).toBe("red and link");
  });
  it("is what was written last over a line", () => {
    expect(plain("10 %\r50 %\r100 %\r")).toBe("100 %");
  });
  it("leaves other text alone, tabs too", () => expect(plain("a\t[0m é")).toBe("a\t[0m é"));
});

describe("searching a log", () => {
  it("finds more as lines come, each once", () => {
    const reader = new Reader(undefined);
    reader.feed(lines(10));
    seekAll(reader, "LINE 1");
    expect(reader.found.hits).toEqual([0, 9]);
    reader.feed(lines(12));
    seekAll(reader, "line 1");
    expect(reader.found.hits).toEqual([0, 9, 10, 11]);
  });

  it("goes through very many lines in turns that are short", () => {
    let clock = 0;
    const reader = new Reader(undefined, () => (clock += 2));
    reader.feed(lines(500_000));
    expect(reader.seek("line 499999")).toBe(true);
    expect(seekAll(reader, "line 499999")).toBeGreaterThan(10);
    expect(reader.found).toEqual({ hits: [499_998], seen: 500_000 });
  });

  it("begins again for another text or step", () => {
    const reader = new Reader("odd");
    reader.feed(lines(6));
    expect(reader.shown.map((one) => one.number)).toEqual([1, 3, 5]);
    seekAll(reader, "line 3");
    expect(reader.found.hits).toEqual([1]);
    reader.choose("even");
    expect(reader.shown.map((one) => one.number)).toEqual([2, 4, 6]);
    seekAll(reader, "line");
    expect(reader.found.hits).toEqual([0, 1, 2]);
    seekAll(reader, "");
    expect(reader.found.hits).toEqual([]);
  });

  it("goes to the next and the one before from where the reader is, around the end", () => {
    const hits = [3, 8, 20];
    expect([step(hits, -1, 1), step(hits, 3, 1), step(hits, 20, 1)]).toEqual([0, 1, 0]);
    expect([step(hits, 20, -1), step(hits, 3, -1), step(hits, 10, -1), step([], 0, 1)]).toEqual([1, 2, 1, -1]);
  });

  it("marks every hit, whatever its case, as text", () => {
    expect(parts("Error: <b>error</b>", "error").map((one) => [one.text, one.hit])).toEqual([["Error", true], [": <b>", false], ["error", true], ["</b>", false]]);
    expect(parts("İstanbul error", "error")).toHaveLength(1);
  });

  it("finds a line by its number also where a step is chosen", () => {
    const odd = lines(9).filter((one) => one.number % 2);
    expect([indexOf(odd, 5), indexOf(odd, 4), indexOf(odd, 10)]).toEqual([2, 2, -1]);
  });
});

describe("following a log", () => {
  const at = (top: number, total = 1_000) => ({ top, height: 100, total });
  it("stops when the reader goes up, and goes on at the end", () => {
    expect(followed(true, 900, at(700))).toBe(false);
    expect(followed(false, 700, at(800))).toBe(false);
    expect(followed(false, 800, at(890))).toBe(true);
  });
  it("stops at the first small step up too", () => expect(followed(true, 900, at(895))).toBe(false));
  it("does not stop because the log grew", () => expect(followed(true, 900, at(900, 5_000))).toBe(true));
  it("stays as it is where nothing was scrolled", () => {
    expect(followed(false, 900, at(900))).toBe(false);
    expect(followed(true, 900, at(900))).toBe(true);
  });
});

describe("a long log", () => {
  it("is kept in pieces as they come, without a copy of all for each line", () => {
    const work: (() => void)[] = [];
    const store = new LogStore((one) => work.push(one));
    const began = performance.now();
    const all = lines(500_000);
    for (let from = 0; from < all.length; from += 5_000) {
      store.take(all.slice(from, from + 5_000), false);
      for (const one of work.splice(0)) one();
    }
    expect(store.store.get().lines).toHaveLength(500_000);
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});
