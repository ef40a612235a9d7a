import { Graph as Layout, layout } from "@dagrejs/dagre";
import { Handle, type Node, type NodeProps, Position, ReactFlow } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";

import { Shape, wordOf } from "@/ui";

import { type Drawn, type Run, drawingOf, failures } from "./model";

const [WIDTH, HEIGHT] = [170, 44];
type Box = Node<{ drawn: Drawn; run: string; step: string | undefined }, "box">;

function BoxView({ data }: NodeProps<Box>) {
  const { drawn, run, step } = data;
  const inside = (
    <>
      <Shape tone={drawn.tone} size={14} />
      <span className="min-w-0"><span className="sr-only">{drawn.job && !drawn.label.startsWith(drawn.stage) ? `${drawn.stage}: ` : ""}</span><span className="block truncate font-medium">{drawn.label}</span><span className="block text-xs text-muted">{drawn.job ? "" : "Stage, "}{drawn.job ? wordOf(drawn.state) : wordOf(drawn.state).toLowerCase()}</span></span>
    </>
  );
  const look = `flex items-center gap-2 rounded border px-2 text-left text-sm ${drawn.job ? "border-line-strong bg-panel" : "border-line bg-raised"}`;
  return (
    <>
      <Handle type="target" position={Position.Left} className="opacity-0" isConnectable={false} />
      {step ? (
        <Link to="/run/$id" params={{ id: run }} search={(old) => ({ ...old, tab: "log", step, line: undefined })} className={`nodrag ${look} hover:border-accent`} style={{ width: WIDTH, height: HEIGHT }}>{inside}</Link>
      ) : <div className={look} style={{ width: WIDTH, height: HEIGHT }}>{inside}</div>}
      <Handle type="source" position={Position.Right} className="opacity-0" isConnectable={false} />
    </>
  );
}

const KINDS = { box: BoxView };

function laidOut(run: Run): { nodes: Box[]; edges: { id: string; source: string; target: string }[]; height: number } {
  const drawing = drawingOf(run);
  const graph = new Layout();
  graph.setGraph({ rankdir: "LR", nodesep: 14, ranksep: 40 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of drawing.nodes) graph.setNode(node.id, { width: WIDTH, height: HEIGHT });
  for (const edge of drawing.edges) graph.setEdge(edge.from, edge.to);
  layout(graph);
  const bad = new Map(failures(run).map((one) => [one.job.id, one.step?.id]));
  const first = new Map(run.stages.flatMap((stage) => stage.jobs.map((job) => [job.id, (job.steps.find((step) => step.state === "RUNNING") ?? job.steps.at(-1))?.id] as const)));
  const nodes = drawing.nodes.map((drawn): Box => {
    const place = graph.node(drawn.id);
    return {
      id: drawn.id, type: "box", position: { x: (place.x ?? 0) - WIDTH / 2, y: (place.y ?? 0) - HEIGHT / 2 },
      data: { drawn, run: run.id, step: drawn.job ? (bad.get(drawn.job) ?? first.get(drawn.job)) : undefined },
    };
  });
  const edges = drawing.edges.map((edge) => ({ id: `${edge.from}>${edge.to}`, source: edge.from, target: edge.to }));
  return { nodes, edges, height: Math.max(...nodes.map((node) => node.position.y), 0) + HEIGHT };
}

/** Stages and jobs as a graph to look at: nothing in it can be changed, and each job leads to its log. */
export default function Graph({ run }: { run: Run }) {
  const { nodes, edges, height } = useMemo(() => laidOut(run), [run]);
  return (
    <div style={{ height: Math.min(Math.max(height + 48, 160), 480) }} role="group" aria-label="Stages and jobs as a graph; the table says the same">
      <ReactFlow nodes={nodes} edges={edges} nodeTypes={KINDS} fitView fitViewOptions={{ maxZoom: 1 }} minZoom={0.1} nodesDraggable={false} nodesConnectable={false} nodesFocusable={false} edgesFocusable={false}
        elementsSelectable={false} zoomOnScroll={false} preventScrolling={false} onlyRenderVisibleElements={nodes.length > 150} />
    </div>
  );
}
