import { Link, getRouteApi, useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";

import { lacks, useView, useViewer } from "@/api";
import { useActions } from "@/app/Palette";
import { useProjectOf } from "@/app/project";
import { type PipelineRunsQuery, PipelineRunsDocument, ProjectPipelinesDocument } from "@/gql/graphql";
import { Actor, Button, type Column, Duration, Empty, Filters, Hash, Loaded, Loading, ObjectLink, PageHeader, Panel, SearchField, Select, StateMark, Table, Time, wordOf } from "@/ui";

import { OUTCOMES, STATUSES, type Search, filterOf, modulesOf, pageOf } from "./filter";
import { RunDialog } from "./RunDialog";
import { StageMarks } from "./stages";

type Runs = PipelineRunsQuery["pipelineRuns"];
type Run = Runs["nodes"][number];

const route = getRouteApi("/runs");
const EVENTS = ["PipelineRunStarted", "PipelineRunProgressed", "PipelineRunCompleted"] as const;
const any = (word: string) => ({ value: "", label: word });

const COLUMNS: readonly Column<Run>[] = [
  { id: "state", header: "State", width: "7rem", cell: (run) => <StateMark state={run.outcome ?? run.status} /> },
  {
    id: "run", header: "Run", cell: (run) => (
      <Link to="/run/$id" params={{ id: run.id }} className="font-medium whitespace-nowrap text-accent hover:underline">
        {run.module.name} #{run.number}{run.attempt > 1 ? `, attempt ${run.attempt}` : ""}
      </Link>
    ),
  },
  { id: "stages", header: "Stages", cell: (run) => <StageMarks stages={run.stages} /> },
  { id: "branch", header: "Branch", cell: (run) => <span className="font-mono text-xs">{run.branch}</span> },
  {
    id: "commit", header: "Commit", cell: (run) => (
      <span className="flex items-center gap-1.5">
        {run.commit ? <Link to="/change/$id" params={{ id: run.commit.id }} className="font-mono text-xs text-accent hover:underline">{run.commitSha.slice(0, 8)}</Link> : <Hash value={run.commitSha} />}
        <span className="max-w-56 truncate text-muted">{run.commit?.message.split("\n", 1)[0]}</span>
      </span>
    ),
  },
  {
    id: "cause", header: "Asked for by", cell: (run) => (
      <span className="flex items-center gap-1.5 whitespace-nowrap">
        <Actor actor={run.createdBy} />
        {run.pullRequest ? <ObjectLink kind="PullRequest" id={run.pullRequest.id}>PR {run.pullRequest.number}</ObjectLink> : null}
      </span>
    ),
  },
  { id: "took", header: "Took", align: "right", cell: (run) => <Duration from={run.startedAt} to={run.finishedAt} /> },
  { id: "when", header: "When", align: "right", cell: (run) => <Time at={run.queuedAt} /> },
];

function Pages({ runs }: { runs: Runs }) {
  const { pageInfo, nodes, totalCount } = runs;
  const search = route.useSearch();
  // Pages go both ways; without a cursor it is the newest one, whatever the server says about what comes before.
  const newer = search.after ? true : search.before ? pageInfo.hasPreviousPage : false;
  const older = search.before ? true : pageInfo.hasNextPage;
  const link = "rounded border border-line-strong px-2.5 py-0.5 hover:bg-raised";
  return (
    <nav aria-label="Pages" className="flex items-center gap-2 border-t border-line px-3 py-1.5 text-muted">
      <span>{nodes.length} of {totalCount} runs</span>
      <span className="ml-auto flex gap-2">
        {newer ? <Link to="/runs" search={(old) => ({ ...old, after: undefined, before: pageInfo.startCursor ?? undefined })} className={link}>Newer</Link> : null}
        {older ? <Link to="/runs" search={(old) => ({ ...old, before: undefined, after: pageInfo.endCursor ?? undefined })} className={link}>Older</Link> : null}
      </span>
    </nav>
  );
}

function List({ projectId, search, modules, filtered, settled }: {
  projectId: string;
  search: Search;
  modules: ReturnType<typeof modulesOf>;
  filtered: boolean;
  /** The modules are known, so that one that is not among them does not exist. */
  settled: boolean;
}) {
  const filter = filterOf(projectId, search, modules);
  const view = useView(PipelineRunsDocument, { filter: filter ?? { projectId }, ...pageOf(search) }, { live: { projectId, types: EVENTS }, pause: filter === null });
  if (filter === null) return settled ? <Empty title={`No module of ${projectId} is called ${search.module ?? ""}`} /> : <Loading />;
  return (
    <Loaded view={view} rows={8}>
      {({ pipelineRuns }) => (
        <>
          <Table caption={`Pipeline runs of ${projectId}, newest first`} columns={COLUMNS} rows={pipelineRuns.nodes} keyOf={(run) => run.id}
            empty={<Empty title={filtered ? "No run is like this" : "Nothing was run yet"}>{filtered ? "Take a filter away to see more." : "A run begins by itself when a pull request is merged."}</Empty>} />
          <Pages runs={pipelineRuns} />
        </>
      )}
    </Loaded>
  );
}

export default function View() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/runs" });
  const projectId = useProjectOf(search.project);
  const viewer = useViewer();
  const [asking, setAsking] = useState(false);
  const known = useView(ProjectPipelinesDocument, { projectId: projectId ?? "", first: 100 }, { pause: !projectId, ...(projectId ? { live: { projectId, types: ["PipelineGenerated"] } } : {}) });
  const pipelines = known.data?.pipelines.nodes;
  const modules = useMemo(() => modulesOf(pipelines ?? []), [pipelines]);
  const reason = lacks(viewer, "devops.pipelines.run");
  useActions(useMemo(() => [{ id: "run-pipeline", label: "Run a pipeline", run: () => setAsking(true), reason }], [reason]));
  if (!projectId) return <Empty title="Choose a project to see its runs" />;
  const put = (change: Partial<typeof search>) => void navigate({ search: (old) => ({ ...old, after: undefined, before: undefined, ...change }) });
  const chosen = modules.find((one) => [one.id, one.name, one.repositoryId].includes(search.module ?? ""));
  const filtered = Boolean(search.module ?? search.status ?? search.outcome ?? search.branch);
  return (
    <>
      <PageHeader title="Pipelines" facts={<span>Runs of {projectId}</span>} actions={<Button kind="primary" reason={reason} onClick={() => setAsking(true)}>Run a pipeline</Button>} />
      <Filters label="Filter runs" onClear={filtered ? () => put({ module: undefined, status: undefined, outcome: undefined, branch: undefined }) : undefined}>
        <Select label="Module" value={chosen?.id ?? search.module ?? ""} onChange={(module) => put({ module: module || undefined })}
          options={[any("All"), ...(search.module && !chosen ? [{ value: search.module, label: search.module }] : []), ...modules.map((one) => ({ value: one.id, label: one.name }))]} />
        <Select label="Status" value={search.status ?? ""} onChange={(status) => put({ status: status || undefined })} options={[any("All"), ...STATUSES.map((value) => ({ value, label: wordOf(value) }))]} />
        <Select label="Outcome" value={search.outcome ?? ""} onChange={(outcome) => put({ outcome: outcome || undefined })} options={[any("All"), ...OUTCOMES.map((value) => ({ value, label: wordOf(value) }))]} />
        <SearchField label="Branch" value={search.branch ?? ""} onChange={(branch) => put({ branch: branch || undefined })} />
      </Filters>
      <Panel title="Runs" flush>
        <List projectId={projectId} search={search} modules={modules} filtered={filtered} settled={known.data !== undefined} />
      </Panel>
      {asking ? <RunDialog open pipelines={pipelines ?? []} onClose={() => setAsking(false)} /> : null}
    </>
  );
}
