import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";

import { type LogLine, type LogStore, useStore } from "@/api";
import { Button, Empty, Loading, Select, Tooltip, ToneMark, say } from "@/ui";

import { plain } from "./ansi";
import { followed } from "./follow";
import { SearchBar } from "./SearchBar";
import { indexOf, parts } from "./search";
import { useReader } from "./useReader";

const HEIGHT = 18;

export interface Place {
  step?: string | undefined;
  q?: string | undefined;
  line?: number | undefined;
}

function address(line: number): string {
  const here = new URL(window.location.href);
  here.searchParams.set("tab", "log");
  here.searchParams.set("line", String(line));
  here.hash = "";
  return here.href;
}

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

/** The lines on the screen of a log that may be very long, which follow its end until the reader goes up. */
function Lines({ lines, q, line, hit, follow, onFollow, onLine }: {
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
  const virtual = useVirtualizer({ count: lines.length, getScrollElement: () => box.current, estimateSize: () => HEIGHT, overscan: 20 });
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
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [follow, lines.length]);
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

function Ended({ log }: { log: { lines: readonly LogLine[]; complete: boolean; connected: boolean; refused: string | null } }) {
  if (log.refused) return <ToneMark tone="bad">The log cannot be read: {log.refused}</ToneMark>;
  if (log.complete) return <ToneMark tone="quiet">All {log.lines.length.toLocaleString("en")} lines</ToneMark>;
  if (!log.connected) return <ToneMark tone="warn">Not connected; more lines may have come</ToneMark>;
  return <ToneMark tone="busy">Live, {log.lines.length.toLocaleString("en")} lines so far</ToneMark>;
}

/** The log of a run, live: by step, searched, followed, with links to lines. */
export function Log({ log, steps, place, live, onPlace }: {
  log: LogStore;
  steps: readonly { id: string; name: string }[];
  place: Place;
  live: boolean;
  onPlace: (change: Partial<Place>) => void;
}) {
  const now = useStore(log.store);
  const q = place.q ?? "";
  const { lines, found, searching } = useReader(now.lines, place.step, q);
  const [follow, setFollow] = useState(live && place.line === undefined && !q);
  const [at, setAt] = useState(-1);
  useEffect(() => setAt(-1), [q, place.step]);
  const onLine = (line: number) => {
    setFollow(false);
    onPlace({ line });
    void navigator.clipboard?.writeText(address(line)).then(() => say(`The link to line ${line} was copied.`), () => undefined);
  };
  return (
    <section aria-label="Log" className="rounded border border-line bg-panel">
      <div className="flex flex-wrap items-center gap-2 border-b border-line px-3 py-1.5">
        <Select label="Step" value={place.step ?? ""} onChange={(step) => onPlace({ step: step || undefined, line: undefined })}
          options={[{ value: "", label: "All steps" }, ...steps.map((step) => ({ value: step.id, label: step.name }))]} />
        <SearchBar q={q} found={found} searching={searching} at={at} onQuery={(next) => onPlace({ q: next || undefined })} onHit={(next) => {
          setFollow(false);
          setAt(next);
        }} />
        <span className="ml-auto flex items-center gap-3">
          <span role="status"><Ended log={now} /></span>
          <Tooltip words="Keeps the newest line in sight; going up stops it">
            <Button aria-pressed={follow} onClick={() => setFollow(!follow)} className={follow ? "border-accent text-accent" : ""}>{follow ? "Following" : "Follow"}</Button>
          </Tooltip>
        </span>
      </div>
      {lines.length > 0 ? (
        <Lines lines={lines} q={q} line={place.line} hit={at} follow={follow} onFollow={setFollow} onLine={onLine} />
      ) : now.complete || now.refused ? (
        <Empty title={place.step ? "This step wrote nothing" : "Nothing was written"} />
      ) : <Loading rows={6} />}
    </section>
  );
}
