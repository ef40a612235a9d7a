import { Link } from "@tanstack/react-router";
import { memo } from "react";

import { Chip, Shape, Time, ToneMark, Tooltip } from "@/ui";

import { type Cell, type Place, verdictOf } from "./model";

function Marks({ cell, place }: { cell: Cell; place: Place }) {
  const { changesWaiting, hold } = cell;
  const { freeze } = place;
  return (
    <span className="flex flex-wrap gap-1">
      {changesWaiting ? <Chip>+{changesWaiting} waiting</Chip> : null}
      {hold ? <Tooltip words={`Held by ${hold.by}: ${hold.reason}`}><span tabIndex={0}><Chip><Shape tone="warn" />Hold</Chip></span></Tooltip> : null}
      {freeze ? <Tooltip words={`Freeze “${freeze.name}”: ${freeze.reason}`}><span tabIndex={0}><Chip>❄ Freeze</Chip></span></Tooltip> : null}
    </span>
  );
}

/** One module in one environment: version, age, state, and what waits. Drawn again only when it changed. */
export const CellView = memo(function CellView({ cell, place, picked, onPick }: {
  cell: Cell | null;
  place: Place;
  picked: boolean;
  onPick: (place: Place, module: string) => void;
}) {
  const verdict = verdictOf(cell);
  if (!cell?.deployed && !cell?.desired) return <span className="text-muted">—<span className="sr-only">Nothing yet</span></span>;
  const at = cell.deployed ?? cell.desired;
  const coming = cell.desired && cell.desired.version !== cell.deployed?.version ? cell.desired : null;
  return (
    <div className={`space-y-0.5 rounded px-1 ${picked ? "bg-accent-soft outline outline-accent" : ""}`}>
      <div className="flex items-center gap-1.5">
        {at ? <Link to="/release/$id" params={{ id: at.releaseId }} className="font-medium hover:underline">{at.version}</Link> : null}
        {coming && cell.deployed ? <span className="text-busy">→ {coming.version}</span> : null}
        <input type="checkbox" className="ml-auto" checked={picked} onChange={() => onPick(place, cell.module)} aria-label={`Compare ${cell.module} in ${place.name}`} />
      </div>
      <div className="flex items-center gap-1.5 text-xs">
        <ToneMark tone={verdict.tone}>{verdict.word}</ToneMark>
        <span className="text-muted"><Time at={at?.since} /></span>
      </div>
      <Marks cell={cell} place={place} />
    </div>
  );
}, (before, now) => before.picked === now.picked && before.onPick === now.onPick && JSON.stringify(before.cell) === JSON.stringify(now.cell) && JSON.stringify(before.place) === JSON.stringify(now.place));
