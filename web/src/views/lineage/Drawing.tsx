import "@xyflow/react/dist/base.css";

import { graphlib, layout } from "@dagrejs/dagre";
import { Background, Controls, type Edge, Handle, type Node, type NodeProps, Position, ReactFlow } from "@xyflow/react";
import { useMemo } from "react";

import { type AnyState, Shape, toneOf, wordOf } from "@/ui";

import { type Drawing, type Drawn, kindWord } from "./model";

const WIDTH = 190;
const HEIGHT = 54;

type Box = Node<{ drawn: Drawn; root: boolean; chosen: boolean }, "box">;

const isState = (word: string): word is AnyState => /^[A-Z_]+$/.test(word);

function BoxView({ data: { drawn, root, chosen } }: NodeProps<Box>) {
  const { state } = drawn;
  return (
    <div style={{ width: WIDTH, height: HEIGHT }} className={`rounded border bg-panel px-2 py-1 text-left ${chosen ? "border-accent outline outline-accent" : root ? "border-ink" : "border-line-strong"} ${drawn.objectId ? "" : "border-dashed text-muted"}`}>
      <Handle type="target" position={Position.Left} className="!border-0 !bg-transparent" isConnectable={false} />
      <div className="flex items-center gap-1 text-2xs text-muted">{kindWord(drawn.kind)}{state && isState(state) ? <span className="ml-auto inline-flex items-center gap-1"><Shape tone={toneOf(state) ?? "unknown"} size={10} />{wordOf(state)}</span> : null}</div>
      <div className="truncate font-medium" title={drawn.title}>{drawn.title}</div>
      <Handle type="source" position={Position.Right} className="!border-0 !bg-transparent" isConnectable={false} />
    </div>
  );
}

const TYPES = { box: BoxView };

function laidOut(drawing: Drawing, root: string, chosen: string | undefined): { nodes: Box[]; edges: Edge[] } {
  const graph = new graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 14, ranksep: 60 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of drawing.nodes) graph.setNode(node.key, { width: WIDTH, height: HEIGHT });
  for (const edge of drawing.edges) graph.setEdge(edge.from, edge.to);
  layout(graph);
  return {
    nodes: drawing.nodes.map((drawn) => {
      const { x, y } = graph.node(drawn.key);
      return {
        id: drawn.key, type: "box", position: { x: x - WIDTH / 2, y: y - HEIGHT / 2 }, draggable: false,
        ariaLabel: `${kindWord(drawn.kind)} ${drawn.title}${drawn.state ? `, ${wordOf(drawn.state)}` : ""}`,
        data: { drawn, root: drawn.objectId === root, chosen: drawn.objectId === chosen && chosen !== undefined },
      };
    }),
    edges: drawing.edges.map(({ id, from, to, label }) => ({ id, source: from, target: to, ariaLabel: `${from} ${label} ${to}`, style: { stroke: "var(--muted)" }, focusable: false })),
  };
}

/** The graph, layered left to right. Nodes are reached with the tabulator; Enter chooses one. */
export default function DrawingView({ drawing, root, chosen, onChoose }: {
  drawing: Drawing;
  root: string;
  chosen: string | undefined;
  onChoose: (node: Drawn) => void;
}) {
  const { nodes, edges } = useMemo(() => laidOut(drawing, root, chosen), [drawing, root, chosen]);
  return (
    <div style={{ height: "calc(100vh - 13rem)", minHeight: 320 }} className="rounded border border-line bg-page">
      <ReactFlow
        nodes={nodes} edges={edges} nodeTypes={TYPES} fitView fitViewOptions={{ nodes: nodes.filter((node) => node.data.root), minZoom: 0.75, maxZoom: 0.9 }} minZoom={0.1} nodesConnectable={false} nodesDraggable={false}
        onNodeClick={(_, node) => onChoose(node.data.drawn)}
        onSelectionChange={({ nodes: [node] }) => {
          if (node && node.data.drawn.objectId !== chosen) onChoose(node.data.drawn);
        }}
        proOptions={{ hideAttribution: false }}
      >
        <Background gap={24} color="var(--line)" />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}
