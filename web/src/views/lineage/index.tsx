import { Link, getRouteApi, useNavigate } from "@tanstack/react-router";
import { Suspense, lazy, useCallback, useMemo, useState } from "react";

import { useView } from "@/api";
import { LineageDocument, type LineageDirection } from "@/gql/graphql";
import { Empty, Loaded, Loading, ObjectLink, PageHeader, Panel, Redacted, Select, Table, Tabs, Time, wordOf } from "@/ui";

import { DRAWN, type Drawn, type Graph, type GraphNode, drawing, isRedacted, kindWord } from "./model";

export { default as Home } from "./Home";

const DrawingView = lazy(() => import("./Drawing"));
const route = getRouteApi("/lineage/$id");
const DIRECTIONS = [
  { value: "BOTH", label: "where from and what became of it" },
  { value: "UPSTREAM", label: "where it comes from" },
  { value: "DOWNSTREAM", label: "what became of it" },
] as const;
const DEPTHS = ["1", "2", "4", "8", "20"].map((value) => ({ value, label: value === "20" ? "all steps" : `${value} ${value === "1" ? "step" : "steps"}` }));

const COLUMNS = [
  { id: "kind", header: "Kind", cell: (node: GraphNode) => kindWord(node.kind) },
  { id: "object", header: "Object", cell: (node: GraphNode) => ("objectId" in node ? (node.objectId ? <ObjectLink kind={node.kind} id={node.objectId}>{node.title ?? node.objectId}</ObjectLink> : (node.title ?? kindWord(node.kind))) : <Redacted />) },
  { id: "state", header: "State", cell: (node: GraphNode) => ("state" in node && node.state ? wordOf(node.state) : "—") },
  { id: "depth", header: "Steps away", align: "right" as const, cell: (node: GraphNode) => node.depth },
  { id: "who", header: "Who", cell: (node: GraphNode) => ("actor" in node ? (node.actor ?? "—") : "—") },
  { id: "when", header: "When", cell: (node: GraphNode) => ("at" in node ? <Time at={node.at} /> : "—") },
  { id: "open", header: "", cell: (node: GraphNode) => ("objectId" in node && node.objectId ? <Link to="/lineage/$id" params={{ id: node.objectId }} className="text-accent hover:underline">from here</Link> : null) },
];

function Chosen({ node, graph }: { node: GraphNode; graph: Graph }) {
  if (!("objectId" in node) || !node.objectId) return <Redacted />;
  const titles = new Map(graph.nodes.map((one) => [one.key, "title" in one ? (one.title ?? one.key) : "an object that you may not see"]));
  const edges = graph.edges.filter((edge) => edge.from === node.key || edge.to === node.key);
  return (
    <Panel title={`${kindWord(node.kind)} ${node.title ?? ""}`} actions={<><ObjectLink kind={node.kind} id={node.objectId}>Open</ObjectLink><Link to="/lineage/$id" params={{ id: node.objectId }} className="text-accent hover:underline">Lineage from here</Link></>}>
      <ul className="space-y-0.5">
        {edges.map((edge) => <li key={`${edge.from} ${edge.to} ${edge.relation}`}>{edge.from === node.key ? `${wordOf(edge.relation)} ${titles.get(edge.to) ?? ""}` : `${titles.get(edge.from) ?? ""} ${wordOf(edge.relation).toLowerCase()} this`} <span className="text-muted">by {edge.actor} <Time at={edge.at} /></span></li>)}
      </ul>
    </Panel>
  );
}

function Content({ graph, id }: { graph: Graph; id: string }) {
  const search = route.useSearch();
  const navigate = useNavigate();
  const go = useCallback((more: typeof search) => void navigate({ to: "/lineage/$id", params: { id }, replace: true, search: { ...search, ...more } }), [navigate, id, search]);
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const shown = useMemo(() => drawing(graph, DRAWN, opened), [graph, opened]);
  const root = graph.nodes.find((node) => "objectId" in node && node.objectId === id);
  const chosen = graph.nodes.find((node) => "objectId" in node && node.objectId === search.selected);
  const choose = useCallback((node: Drawn) => {
    if (node.objectId) go({ selected: node.objectId });
    else if (node.count > 1) setOpened((old) => new Set([...old, node.key]));
  }, [go]);
  const hidden = graph.nodes.filter(isRedacted).length;
  const title = root && "title" in root ? `${kindWord(root.kind)} ${root.title ?? ""}` : "Lineage";
  const sorted = useMemo(() => [...graph.nodes].sort((one, other) => one.depth - other.depth), [graph]);
  return (
    <>
      <PageHeader
        title={title}
        facts={<span>{graph.nodes.length} objects, {graph.edges.length} relations{hidden ? `, ${hidden} of projects that you may not see` : ""}{graph.truncated ? "; there are more than can be shown" : ""}</span>}
        actions={
          <>
            <Select label="Show" hiddenLabel value={search.direction === "UPSTREAM" || search.direction === "DOWNSTREAM" ? search.direction : "BOTH"} options={DIRECTIONS} onChange={(direction) => go({ direction })} />
            <Select label="Within" value={String(search.depth ?? 20)} options={DEPTHS} onChange={(depth) => go({ depth: Number(depth) })} />
          </>
        }
      />
      <Tabs
        label="How it is shown"
        value={search.view === "table" ? "table" : "graph"}
        onChange={(view) => go({ view })}
        tabs={[
          { name: "graph", title: "Graph", content: () => <Suspense fallback={<Loading />}><DrawingView drawing={shown} root={id} chosen={search.selected} onChoose={choose} /></Suspense> },
          { name: "table", title: "Table", content: () => <Panel title="Objects" flush><Table caption="Objects of the lineage" columns={COLUMNS} rows={sorted} keyOf={(node) => node.key} /></Panel> },
        ]}
      />
      {chosen ? <div className="mt-3"><Chosen node={chosen} graph={graph} /></div> : null}
    </>
  );
}

export default function LineageView() {
  const { id } = route.useParams();
  const search = route.useSearch();
  const direction: LineageDirection = search.direction === "UPSTREAM" || search.direction === "DOWNSTREAM" ? search.direction : "BOTH";
  const view = useView(LineageDocument, { id, direction, maxDepth: search.depth ?? 20, kinds: null }, { live: { ids: [id] } });
  return <Loaded view={view} rows={8}>{(data) => (data.lineage ? <Content graph={data.lineage} id={id} /> : <Empty title="There is no such object, or you may not see it" />)}</Loaded>;
}
