import type { DeliveryBoardQuery } from "@/gql/graphql";
import type { Tone } from "@/ui";

export type Board = NonNullable<DeliveryBoardQuery["deliveryBoard"]>;
export type Cell = Board["cells"][number];
export type Place = Board["environments"][number];

/** A module with its cells, one per environment, in the order of the columns. */
export interface Row {
  module: string;
  cells: readonly (Cell | null)[];
  attention: boolean;
}

/** What a cell says of itself in one word, by what must be acted on first. */
export interface Verdict {
  tone: Tone;
  word: string;
}

const MOVING = new Set(["REQUESTED", "RUNNING", "VERIFYING"]);

export function verdictOf(cell: Cell | null): Verdict {
  if (!cell || (!cell.deployed && !cell.desired)) return { tone: "quiet", word: "Nothing yet" };
  const promotion = cell.desired?.promotionStatus ?? cell.deployed?.promotionStatus;
  const { sync } = cell;
  if (sync?.health === "DEGRADED" || sync?.health === "MISSING") return { tone: "bad", word: sync.health === "MISSING" ? "Missing" : "Degraded" };
  if (promotion === "FAILED" || promotion === "ERRORED") return { tone: "bad", word: "Promotion failed" };
  if (sync?.drift) return { tone: "warn", word: `Drifted (${sync.drift})` };
  if (promotion === "GATED") return { tone: "warn", word: "Waiting at a gate" };
  if (promotion && MOVING.has(promotion)) return { tone: "busy", word: "Promoting" };
  if (sync?.state === "DRIFTED") return { tone: "warn", word: "Drifted" };
  if (sync?.state === "FAILED") return { tone: "bad", word: "Sync failed" };
  if (sync?.health === "PROGRESSING") return { tone: "busy", word: "Progressing" };
  if (sync?.health === "HEALTHY" && sync.state === "SYNCED") return { tone: "good", word: "Healthy" };
  // What was not observed is never drawn as good.
  return { tone: "unknown", word: "Unknown" };
}

/** Whether somebody should look at it. */
export const needsAttention = (cell: Cell | null): boolean => {
  const { tone } = verdictOf(cell);
  return tone === "bad" || tone === "warn" || Boolean(cell?.hold);
};

/** Environments in the order of promotion: none before those it follows. */
export function inOrder(places: readonly Place[]): readonly Place[] {
  const byName = new Map(places.map((place) => [place.name, place]));
  const done = new Set<string>();
  const order: Place[] = [];
  const visit = (place: Place) => {
    if (done.has(place.name)) return;
    done.add(place.name);
    for (const name of place.upstream) {
      const before = byName.get(name);
      if (before) visit(before);
    }
    order.push(place);
  };
  for (const place of places) visit(place);
  return order;
}

export function rowsOf(board: Board, places: readonly Place[]): readonly Row[] {
  const cells = new Map(board.cells.map((cell) => [`${cell.module} ${cell.environmentId}`, cell]));
  return board.modules.map((module) => {
    const own = places.map((place) => cells.get(`${module} ${place.id}`) ?? null);
    return { module, cells: own, attention: own.some(needsAttention) };
  });
}

/** Rows by name, those that need somebody first when asked for. */
export function shown(rows: readonly Row[], search: string, attentionFirst: boolean): readonly Row[] {
  const wanted = search.trim().toLowerCase();
  const found = rows.filter((row) => row.module.toLowerCase().includes(wanted));
  return attentionFirst ? [...found].sort((a, b) => Number(b.attention) - Number(a.attention)) : found;
}
