import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";

export interface Column<Row> {
  id: string;
  header: React.ReactNode;
  cell: (row: Row) => React.ReactNode;
  align?: "right";
  width?: string;
}

const HEIGHT = 32;
const VIRTUAL = 100;

/** A table with a caption for screen readers. Long ones draw only the rows on the screen. */
export function Table<Row>({ caption, columns, rows, keyOf, empty, height = "70vh", rowMark }: {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  empty?: React.ReactNode;
  /** Of the part that scrolls, where there are very many rows. */
  height?: string;
  /** Marks the row as the one that is meant. */
  rowMark?: (row: Row) => boolean;
}) {
  const scroll = useRef<HTMLDivElement>(null);
  const long = rows.length > VIRTUAL;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => HEIGHT,
    overscan: 12,
    enabled: long,
  });
  if (rows.length === 0 && empty) return <>{empty}</>;
  const shown = long ? virtual.getVirtualItems().map((item) => item.index) : rows.map((_, index) => index);
  const above = long ? (virtual.getVirtualItems()[0]?.start ?? 0) : 0;
  const below = long ? virtual.getTotalSize() - (virtual.getVirtualItems().at(-1)?.end ?? 0) : 0;
  return (
    <div ref={scroll} className="overflow-auto" style={long ? { maxHeight: height } : undefined} {...(long ? { tabIndex: 0, role: "region", "aria-label": caption } : {})}>
      <table className="w-full border-collapse text-left" aria-rowcount={rows.length + 1}>
        <caption className="sr-only">{caption}</caption>
        <thead className="sticky top-0 z-10 bg-panel">
          <tr>
            {columns.map((column) => (
              <th key={column.id} scope="col" style={{ width: column.width }} className={`border-b border-line px-3 py-1.5 text-xs font-medium text-muted ${column.align === "right" ? "text-right" : ""}`}>
                {column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {above > 0 ? <tr aria-hidden="true"><td colSpan={columns.length} style={{ height: above }} /></tr> : null}
          {shown.map((index) => {
            const row = rows[index];
            if (row === undefined) return null;
            return (
              <tr key={keyOf(row)} aria-rowindex={index + 2} className={`h-8 border-b border-line last:border-b-0 hover:bg-raised ${rowMark?.(row) ? "bg-accent-soft" : ""}`}>
                {columns.map((column) => (
                  <td key={column.id} className={`px-3 py-1 align-middle ${column.align === "right" ? "text-right" : ""}`}>{column.cell(row)}</td>
                ))}
              </tr>
            );
          })}
          {below > 0 ? <tr aria-hidden="true"><td colSpan={columns.length} style={{ height: below }} /></tr> : null}
        </tbody>
      </table>
    </div>
  );
}
