import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";

import { Shape, Tooltip } from "@/ui";

import { CellView } from "./CellView";
import type { Place, Row } from "./model";

const HEIGHT = 62;
const MANY = 40;

function Heading({ place }: { place: Place }) {
  const { hold, freeze } = place;
  return (
    <th scope="col" className="min-w-44 border-b border-line px-2 py-1.5 text-left font-medium">
      <Link to="/environment/$id" params={{ id: place.id }} className="hover:underline">{place.name}</Link>
      {hold ? <Tooltip words={`Held by ${hold.by}: ${hold.reason}`}><span tabIndex={0} className="ml-2 inline-flex items-center gap-1 text-xs text-warn"><Shape tone="warn" />Hold</span></Tooltip> : null}
      {freeze ? <Tooltip words={`Freeze “${freeze.name}”: ${freeze.reason}`}><span tabIndex={0} className="ml-2 text-xs text-warn">❄ Freeze</span></Tooltip> : null}
    </th>
  );
}

/** Modules by environments. Of very many modules only those on the screen are drawn. */
export function Grid({ project, places, rows, picked, onPick }: {
  project: string;
  places: readonly Place[];
  rows: readonly Row[];
  picked: ReadonlySet<string>;
  onPick: (place: Place, module: string) => void;
}) {
  const scroll = useRef<HTMLDivElement>(null);
  const many = rows.length > MANY;
  const virtual = useVirtualizer({
    count: rows.length, getScrollElement: () => scroll.current, estimateSize: () => HEIGHT, overscan: 8, enabled: many,
    getItemKey: (index) => rows[index]?.module ?? index,
  });
  const items = virtual.getVirtualItems();
  const seen = many ? items.map((item) => item.index) : rows.map((_, index) => index);
  const above = many ? (items[0]?.start ?? 0) : 0;
  const below = many ? virtual.getTotalSize() - (items.at(-1)?.end ?? 0) : 0;
  return (
    <div ref={scroll} tabIndex={0} role="region" aria-label="Delivery board" className="overflow-auto rounded border border-line bg-panel" style={many ? { height: "calc(100vh - 9rem)" } : undefined}>
      <table className="w-full border-collapse" aria-rowcount={rows.length + 1}>
        <caption className="sr-only">What each environment of {project} runs of each module</caption>
        <thead className="sticky top-0 z-10 bg-panel">
          <tr>
            <th scope="col" className="sticky left-0 min-w-40 border-b border-line bg-panel px-3 py-1.5 text-left font-medium">Module</th>
            {places.map((place) => <Heading key={place.id} place={place} />)}
          </tr>
        </thead>
        <tbody>
          {above > 0 ? <tr aria-hidden="true"><td colSpan={places.length + 1} style={{ height: above }} /></tr> : null}
          {seen.map((index) => {
            const row = rows[index];
            if (!row) return null;
            return (
              <tr key={row.module} data-index={index} ref={many ? virtual.measureElement : undefined} aria-rowindex={index + 2} className="border-b border-line align-top last:border-b-0">
                <th scope="row" className="sticky left-0 bg-panel px-3 py-1.5 text-left font-medium">
                  <Link to="/runs" search={{ project, module: row.module }} className="hover:underline">{row.module}</Link>
                </th>
                {row.cells.map((cell, at) => {
                  const place = places[at];
                  if (!place) return null;
                  return (
                    <td key={place.id} className="px-1 py-1.5" style={{ height: HEIGHT }}>
                      <CellView cell={cell} place={place} picked={picked.has(`${row.module}@${place.id}`)} onPick={onPick} />
                    </td>
                  );
                })}
              </tr>
            );
          })}
          {below > 0 ? <tr aria-hidden="true"><td colSpan={places.length + 1} style={{ height: below }} /></tr> : null}
        </tbody>
      </table>
    </div>
  );
}
