import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";

import type { LogLine } from "@/api";

import { plain } from "./ansi";
import { followed } from "./follow";
import { indexOf, parts } from "./search";

const HEIGHT = 18;
/** So many lines at the end are drawn while it is followed: scrolling is told of only after they were due. */
const TAIL = 80;
const UP = new Set(["ArrowUp", "PageUp", "Home"]);

function Row({ line, q, chosen, current, top, onLine }: {
  line: LogLine;
  q: string;
  /** The line of the address. */
  chosen: boolean;
  /** The hit that the search stands at. */
  current: boolean;
  top: number;
  onLine: (line: number) => void;
}) {
  const ground = chosen ? "bg-accent-soft outline outline-1 outline-accent" : current ? "bg-warn-soft" : "hover:bg-raised";
  return (
    <div role="listitem" aria-current={chosen ? "true" : undefined} className={`group absolute left-0 flex w-max min-w-full whitespace-pre ${ground}`} style={{ top, height: HEIGHT }}>
      <button type="button" tabIndex={chosen ? 0 : -1} aria-label={`Line ${line.number}: link to it`} onClick={() => onLine(line.number)}
        className="sticky left-0 w-16 shrink-0 select-none bg-panel pr-3 text-right text-muted hover:text-accent">{line.number}</button>
      <span className="pr-4">
        {parts(plain(line.text), q).map((part, index) => (part.hit ? <mark key={index} className="bg-warn-soft text-ink underline">{part.text}</mark> : part.text))}
      </span>
    </div>
  );
}

/** Calls `stop` when the reader goes up, before the scroll that follows: the newest lines would undo that. */
function useGoingUp(box: React.RefObject<HTMLDivElement | null>, stop: () => void): void {
  const latest = useRef(stop);
  latest.current = stop;
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const means = (event: Event): boolean =>
      event instanceof WheelEvent ? event.deltaY < 0
      : event instanceof KeyboardEvent ? UP.has(event.key)
      // Its scroll bar belongs to the box itself.
      : event.type === "touchmove" || event.target === element;
    const heard = (event: Event) => means(event) && latest.current();
    for (const name of ["wheel", "keydown", "touchmove", "pointerdown"]) element.addEventListener(name, heard, { passive: true });
    return () => {
      for (const name of ["wheel", "keydown", "touchmove", "pointerdown"]) element.removeEventListener(name, heard);
    };
  }, [box]);
}

/** The lines on the screen of a log that may be very long, which follow its end until the reader goes up. */
export function Lines({ lines, q, line, hit, follow, onFollow, onLine }: {
  lines: readonly LogLine[];
  q: string;
  line: number | undefined;
  /** The position of the hit that is looked at. */
  hit: number;
  follow: boolean;
  onFollow: (on: boolean) => void;
  onLine: (line: number) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const before = useRef(0);
  const virtual = useVirtualizer({ count: lines.length, getScrollElement: () => box.current, estimateSize: () => HEIGHT, overscan: 20,
    rangeExtractor: (range) => {
      const drawn = defaultRangeExtractor(range);
      if (!follow) return drawn;
      const from = Math.max((drawn.at(-1) ?? -1) + 1, range.count - TAIL);
      for (let index = from; index < range.count; index += 1) drawn.push(index);
      return drawn;
    },
  });
  const wanted = line === undefined ? -1 : indexOf(lines, line);
  const shown = useRef<number>(undefined);
  useEffect(() => {
    // Once for each line of the address: it may come later than the page.
    if (wanted < 0 || shown.current === line) return;
    shown.current = line;
    virtual.scrollToIndex(wanted, { align: "center" });
  }, [wanted, line, virtual]);
  useEffect(() => {
    if (hit >= 0) virtual.scrollToIndex(hit, { align: "center" });
  }, [hit, virtual]);
  useEffect(() => {
    if (!follow || !box.current) return;
    box.current.scrollTop = box.current.scrollHeight;
    before.current = box.current.scrollTop;
  }, [follow, lines.length]);
  useGoingUp(box, () => onFollow(false));
  const onScroll = () => {
    const { scrollTop, clientHeight, scrollHeight } = box.current ?? { scrollTop: 0, clientHeight: 0, scrollHeight: 0 };
    const next = followed(follow, before.current, { top: scrollTop, height: clientHeight, total: scrollHeight });
    before.current = scrollTop;
    if (next !== follow) onFollow(next);
  };
  return (
    <div ref={box} onScroll={onScroll} tabIndex={0} role="region" aria-label="Log" className="overflow-auto bg-panel font-mono text-xs" style={{ height: "max(24rem, 62vh)", lineHeight: `${HEIGHT}px` }}>
      <div role="list" aria-label="Lines" className="relative w-max min-w-full" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const one = lines[item.index];
          return one ? <Row key={one.number} line={one} q={q} chosen={one.number === line} current={item.index === hit} top={item.start} onLine={onLine} /> : null;
        })}
      </div>
    </div>
  );
}
