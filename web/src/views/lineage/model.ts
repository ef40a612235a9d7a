import type { LineageQuery } from "@/gql/graphql";
import { wordOf } from "@/ui";

export type Graph = NonNullable<LineageQuery["lineage"]>;
export type GraphNode = Graph["nodes"][number];
export type GraphEdge = Graph["edges"][number];

/** What is drawn at most; the rest stands in the table, and as groups with their counts. */
export const DRAWN = 150;

/** A node of the drawing: an object, or several of one kind that are not drawn one by one. */
export interface Drawn {
  key: string;
  kind: string;
  title: string;
  objectId: string | null;
  state: string | null;
  at: string | null;
  /** How many objects it stands for. */
  count: number;
}

export interface Drawing {
  nodes: readonly Drawn[];
  edges: readonly { id: string; from: string; to: string; label: string }[];
}

export const isRedacted = (node: GraphNode): boolean => !("objectId" in node);

/** `GitOpsSyncState` as people say it. */
export const kindWord = (kind: string): string => (kind === "GitOpsSyncState" ? "GitOps sync" : kind.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase().replace(/^./, (letter) => letter.toUpperCase()));

function drawn(node: GraphNode): Drawn {
  if (!("objectId" in node)) return { key: node.key, kind: node.kind, title: "Not yours to see", objectId: null, state: null, at: null, count: 1 };
  return { key: node.key, kind: node.kind, title: node.title ?? node.objectId ?? kindWord(node.kind), objectId: node.objectId, state: node.state ?? null, at: node.at ?? null, count: 1 };
}

/**
 * The nearest objects one by one, at most `most`; those further away grouped by kind and distance. `opened` groups are
 * drawn whole.
 */
export function drawing(graph: Graph, most: number, opened: ReadonlySet<string>): Drawing {
  const near = [...graph.nodes].sort((one, other) => one.depth - other.depth);
  const group = (node: GraphNode) => `group ${node.kind} ${node.depth}`;
  const place = new Map<string, string>();
  const nodes = new Map<string, Drawn>();
  near.forEach((node, index) => {
    const alone = index < most || opened.has(group(node));
    const key = alone ? node.key : group(node);
    place.set(node.key, key);
    const before = nodes.get(key);
    if (alone || !before) nodes.set(key, alone ? drawn(node) : { ...drawn(node), key, title: "1 more", objectId: null, state: null, at: null });
    else nodes.set(key, { ...before, count: before.count + 1, title: `${before.count + 1} more` });
  });
  const edges = new Map<string, Drawing["edges"][number]>();
  for (const edge of graph.edges) {
    const [from, to] = [place.get(edge.from), place.get(edge.to)];
    if (!from || !to || from === to) continue;
    const id = `${from}>${to}>${edge.relation}`;
    edges.set(id, { id, from, to, label: wordOf(edge.relation).toLowerCase() });
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()] };
}
