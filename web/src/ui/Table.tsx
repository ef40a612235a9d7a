import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";

export interface Column<Row> {
  id: string;
  header: React.ReactNode;
  cell: (row: Row) => React.ReactNode;
  align?: "right";
  width?: string;
  /** What its rows are sorted by; absent: they cannot be. Rows without a value come last. */
  sort?: (row: Row) => string | number | null | undefined;
}

export interface Sorting {
  column: string;
  descending: boolean;
}

/** The rows in the order of a column; those that are equal stay as they were. */
export function sorted<Row>(rows: readonly Row[], columns: readonly Column<Row>[], sorting: Sorting | null): readonly Row[] {
  const by = columns.find((column) => column.id === sorting?.column)?.sort;
  if (!by || !sorting) return rows;
  const way = sorting.descending ? -1 : 1;
  return rows.toSorted((one, other) => {
    const [a, b] = [by(one) ?? null, by(other) ?? null];
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    return way * (typeof a === "string" && typeof b === "string" ? a.localeCompare(b, "en", { numeric: true }) : a < b ? -1 : a > b ? 1 : 0);
  });
}

function Heading<Row>({ column, sorting, onSort }: { column: Column<Row>; sorting: Sorting | null; onSort: (next: Sorting | null) => void }) {
  const own = sorting?.column === column.id ? sorting : null;
  const right = column.align === "right";
  const next = own ? (own.descending ? null : { ...own, descending: true }) : { column: column.id, descending: false };
  return (
    <th scope="col" aria-sort={own ? (own.descending ? "descending" : "ascending") : undefined} style={{ width: column.width }}
      className={`border-b border-line px-3 py-1.5 text-xs font-medium text-muted ${right ? "text-right" : ""}`}>
      {column.sort ? (
        <button type="button" className="font-medium hover:text-ink" onClick={() => onSort(next)}>
          {column.header}<span aria-hidden="true" className="inline-block w-3 text-center">{own ? (own.descending ? "↓" : "↑") : ""}</span>
        </button>
      ) : column.header}
    </th>
  );
}

const HEIGHT = 32;
const VIRTUAL = 100;

/** A table with a caption for screen readers. Long ones draw only the rows on the screen. */
export function Table<Row>({ caption, columns, rows: given, keyOf, empty, height = "70vh", rowMark, sorting, onSort }: {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  empty?: React.ReactNode;
  /** Of the part that scrolls, where there are very many rows. */
  height?: string;
  /** Marks the row as the one that is meant. */
  rowMark?: (row: Row) => boolean;
  /** The order, where the caller keeps it, as in the address; the table keeps it itself otherwise. */
  sorting?: Sorting | null;
  onSort?: (next: Sorting | null) => void;
}) {
  const [own, setOwn] = useState<Sorting | null>(null);
  const order = sorting === undefined ? own : sorting;
  const rows = useMemo(() => sorted(given, columns, order), [given, columns, order]);
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
              <Heading key={column.id} column={column} sorting={order} onSort={onSort ?? setOwn} />
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
