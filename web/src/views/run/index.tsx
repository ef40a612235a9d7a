import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Suspense, lazy, useMemo } from "react";

import { type LogStore, useLog, useView } from "@/api";
import { RunDetailsDocument } from "@/gql/graphql";
import { Empty, Loaded, Loading, Panel, Select, Tabs, ToneMark } from "@/ui";

import { Artifacts } from "./Artifacts";
import { Columns } from "./Columns";
import { WhyFailed } from "./Failure";
import { Header } from "./Header";
import { Log, type Place } from "./log/Log";
import { type Run, stepsOf } from "./model";
import { StageTable } from "./StageTable";
import { Tests } from "./Tests";

const Graph = lazy(() => import("./Graph"));
const route = getRouteApi("/run/$id");

const TABS = ["log", "tests", "artifacts"] as const;
const DRAWINGS = [{ value: "columns", label: "Columns" }, { value: "graph", label: "Graph" }, { value: "table", label: "Table" }] as const;
const EVENTS = ["PipelineRunStarted", "PipelineRunProgressed", "PipelineRunCompleted"] as const;
// A build and an attempt that are new have ids that are not known before.
const OTHERS = ["PipelineRunStarted", "BuildCompleted"] as const;

function Stages({ run }: { run: Run }) {
  const { graph, step } = route.useSearch();
  const navigate = useNavigate({ from: "/run/$id" });
  const drawing = DRAWINGS.find(({ value }) => value === graph)?.value ?? "columns";
  const choose = <Select label="Show as" value={drawing} options={DRAWINGS} onChange={(next) => void navigate({ replace: true, search: (old) => ({ ...old, graph: next === "columns" ? undefined : next }) })} />;
  return (
    <Panel title="Stages" flush actions={choose}>
      {run.stages.length === 0 ? <Empty title={run.status === "COMPLETED" ? "It had no stages" : "The definition is being read"} />
        : drawing === "graph" ? <Suspense fallback={<Loading />}><Graph run={run} /></Suspense>
        : drawing === "table" ? <StageTable run={run} /> : <Columns run={run} step={step} />}
    </Panel>
  );
}

function testsTitle(run: Run): React.ReactNode {
  const { tests } = run.build ?? {};
  if (!tests) return "Tests";
  const bad = tests.failed + tests.errored;
  return bad > 0 ? <ToneMark tone="bad">Tests ({bad} of {tests.total} did not pass)</ToneMark> : `Tests (${tests.total})`;
}

function Content({ run, log }: { run: Run; log: LogStore | null }) {
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/run/$id" });
  const steps = useMemo(() => stepsOf(run), [run]);
  const tab = TABS.find((name) => name === search.tab) ?? "log";
  const onPlace = (change: Partial<Place>) => void navigate({ replace: true, resetScroll: false, search: (old) => ({ ...old, ...change }) });
  return (
    <>
      <Header run={run} />
      <WhyFailed run={run} />
      <Stages run={run} />
      <div className="mt-3">
        <Tabs label="Of this run" value={tab} onChange={(next) => void navigate({ resetScroll: false, search: (old) => ({ ...old, tab: next }) })} tabs={[
          { name: "log", title: "Log", content: () => (log ? <Log log={log} steps={steps} place={search} live={run.status !== "COMPLETED"} onPlace={onPlace} /> : <Loading />) },
          { name: "tests", title: testsTitle(run), content: () => <Tests run={run} /> },
          { name: "artifacts", title: "Artifacts", content: () => <Artifacts id={run.id} projectId={run.projectId} /> },
        ]} />
      </div>
    </>
  );
}

function Page({ id }: { id: string }) {
  const { tab } = route.useSearch();
  const view = useView(RunDetailsDocument, { id }, { live: [{ types: EVENTS, ids: [id] }, { types: OTHERS }] });
  const log = useLog(tab === undefined || tab === "log" ? id : undefined);
  return (
    <Loaded view={view} rows={8}>
      {({ pipelineRun }) => (pipelineRun ? <Content run={pipelineRun} log={log} /> : <Empty title="There is no such run">It was never here, or belongs to a project that you may not see.</Empty>)}
    </Loaded>
  );
}

export default function View() {
  const { id } = route.useParams();
  return <Page key={id} id={id} />;
}
