import type { LogLine } from "@/api";

import { plain } from "./ansi";

/** Work of one turn, in milliseconds: the page answers to keys between turns. */
const TURN = 8;
/** The clock is looked at after so many lines. */
const PART = 500;

export interface Found {
  /** Positions among the lines that are searched, from the first. */
  hits: readonly number[];
  /** How many lines were looked at. */
  seen: number;
}

/** The lines of a step and its search, grown as lines come: neither looks at a line twice. */
export class Reader {
  private lines: readonly LogLine[] = [];
  private looked = 0;
  private own: LogLine[] = [];
  private searched = 0;
  private hits: number[] = [];
  private text = "";
  constructor(
    private step: string | undefined,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Takes the lines of now; those that were there before are the same. */
  feed(lines: readonly LogLine[]): void {
    this.lines = lines;
    if (!this.step) return;
    const more: LogLine[] = [];
    for (let at = this.looked; at < lines.length; at += 1) {
      const line = lines[at];
      if (line?.stepId === this.step) more.push(line);
    }
    this.looked = lines.length;
    if (more.length) this.own = this.own.concat(more);
  }

  /** Another step, or every one; what was searched is searched again. */
  choose(step: string | undefined): void {
    if (step === this.step) return;
    this.step = step;
    this.looked = 0;
    this.own = [];
    this.restart(this.text);
    this.feed(this.lines);
  }

  get shown(): readonly LogLine[] {
    return this.step ? this.own : this.lines;
  }

  /** Looks for the text in the lines of one turn; whether there is more to look at. */
  seek(text: string): boolean {
    const wanted = text.toLowerCase();
    if (wanted !== this.text) this.restart(wanted);
    const lines = this.shown;
    if (!wanted) return false;
    const end = this.now() + TURN;
    const more: number[] = [];
    let at = this.searched;
    for (; at < lines.length && (at % PART !== 0 || at === this.searched || this.now() < end); at += 1) {
      if (plain(lines[at]?.text ?? "").toLowerCase().includes(wanted)) more.push(at);
    }
    this.searched = at;
    if (more.length) this.hits = this.hits.concat(more);
    return at < lines.length;
  }

  get found(): Found {
    return { hits: this.hits, seen: this.searched };
  }

  private restart(text: string): void {
    this.text = text;
    this.searched = 0;
    this.hits = [];
  }
}

/** The place in a sorted list of the first number that is not smaller. */
function placeOf(numbers: readonly number[], wanted: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The hit after or before a place, around the end; -1 when there is none. */
export function step(hits: readonly number[], from: number, way: 1 | -1): number {
  if (hits.length === 0) return -1;
  if (way === 1) return placeOf(hits, from + 1) % hits.length;
  return (placeOf(hits, from) - 1 + hits.length) % hits.length;
}

/** The place of the line with a number, or of the one after it where it is not among them; -1 when all are before. */
export function indexOf(lines: readonly LogLine[], number: number): number {
  let [low, high] = [0, lines.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle]?.number ?? 0) < number) low = middle + 1;
    else high = middle;
  }
  return low < lines.length ? low : -1;
}

/** The parts of a line, those that were searched for marked. */
export function parts(text: string, wanted: string): { text: string; hit: boolean }[] {
  if (!wanted) return [{ text, hit: false }];
  const [low, needle] = [text.toLowerCase(), wanted.toLowerCase()];
  // Letters whose other case is longer would shift every place behind them: such a line is not marked.
  if (low.length !== text.length) return [{ text, hit: false }];
  const found: { text: string; hit: boolean }[] = [];
  let from = 0;
  for (let at = low.indexOf(needle); at >= 0; at = low.indexOf(needle, from)) {
    if (at > from) found.push({ text: text.slice(from, at), hit: false });
    found.push({ text: text.slice(at, at + needle.length), hit: true });
    from = at + needle.length;
  }
  if (from < text.length) found.push({ text: text.slice(from), hit: false });
  return found;
}
