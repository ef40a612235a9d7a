import { useEffect, useState } from "react";

import { type LogLine, type LogStore, useStore } from "@/api";
import { Button, Empty, Loading, Select, Tooltip, ToneMark, say } from "@/ui";

import { Lines } from "./Lines";
import { SearchBar } from "./SearchBar";
import { useReader } from "./useReader";

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

function Ended({ log, live }: { live: boolean; log: { lines: readonly LogLine[]; complete: boolean; connected: boolean; refused: string | null } }) {
  if (log.refused) return <ToneMark tone="bad">The log cannot be read: {log.refused}</ToneMark>;
  if (log.complete) return <ToneMark tone="quiet">All {log.lines.length.toLocaleString("en")} lines</ToneMark>;
  if (!log.connected) return <ToneMark tone="warn">Not connected; more lines may have come</ToneMark>;
  return <ToneMark tone="busy">{live ? "Live" : "Reading"}, {log.lines.length.toLocaleString("en")} lines so far</ToneMark>;
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
    <section className="rounded border border-line bg-panel">
      <div className="flex flex-wrap items-center gap-2 border-b border-line px-3 py-1.5">
        <Select label="Step" value={place.step ?? ""} onChange={(step) => onPlace({ step: step || undefined, line: undefined })}
          options={[{ value: "", label: "All steps" }, ...steps.map((step) => ({ value: step.id, label: step.name }))]} />
        <SearchBar q={q} found={found} searching={searching} at={at} onQuery={(next) => onPlace({ q: next || undefined })} onHit={(next) => {
          setFollow(false);
          setAt(next);
        }} />
        <span className="ml-auto flex items-center gap-3">
          <span role="status"><Ended log={now} live={live} /></span>
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
