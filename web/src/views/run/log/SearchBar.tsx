import { Button, SearchField } from "@/ui";

import { type Found, step } from "./search";

/** Looks for words in the log, and goes from hit to hit; Enter goes to the next one. */
export function SearchBar({ q, found, searching, at, onQuery, onHit }: {
  q: string;
  found: Found;
  searching: boolean;
  /** The position of the line that it stands at; -1 before the first. */
  at: number;
  onQuery: (q: string) => void;
  onHit: (at: number) => void;
}) {
  const { hits } = found;
  const go = (way: 1 | -1) => {
    const next = hits[step(hits, at, way)];
    if (next !== undefined) onHit(next);
  };
  const which = hits.indexOf(at);
  const reason = q === "" ? "search for something first" : hits.length === 0 ? "nothing was found" : null;
  const count = `${which < 0 ? "" : `${which + 1} of `}${hits.length} ${hits.length === 1 ? "line" : "lines"}`;
  return (
    <form role="search" className="inline-flex items-center gap-1.5" onSubmit={(event) => {
      event.preventDefault();
      go(1);
    }}>
      <SearchField label="Search the log" value={q} onChange={onQuery} />
      <span role="status" className="min-w-24 text-muted">
        {q === "" ? "" : searching ? `${hits.length} so far` : hits.length === 0 ? "No line" : count}
      </span>
      <Button reason={reason} aria-label="Previous hit" onClick={() => go(-1)}>↑</Button>
      <Button reason={reason} aria-label="Next hit" onClick={() => go(1)}>↓</Button>
    </form>
  );
}
