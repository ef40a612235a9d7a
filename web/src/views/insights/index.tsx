import { Link, getRouteApi, useNavigate } from "@tanstack/react-router";
import { Suspense, lazy, useMemo } from "react";

import { useView } from "@/api";
import { useProjectOf } from "@/app/project";
import { DeliveryMetricsDocument, ProjectEnvironmentBoardDocument } from "@/gql/graphql";
import { Empty, Hash, Loaded, Loading, PageHeader, Panel, Select, Table, Time, ToneMark, useNow } from "@/ui";

import { type Metrics, PARTS, long, perDay, share, waterfall, windowOf } from "./model";

const Chart = lazy(() => import("./Chart"));
const route = getRouteApi("/insights");
const WINDOWS = ["7", "30", "90"].map((value) => ({ value, label: `${value} days` }));

type Deployment = Metrics["deployments"][number];
type Change = Metrics["changes"][number];
type Restore = Metrics["restores"][number];

const DEPLOYMENTS = [
  { id: "when", header: "When", cell: (one: Deployment) => <Time at={one.at} /> },
  { id: "module", header: "Module", cell: (one: Deployment) => one.module },
  { id: "version", header: "Version", cell: (one: Deployment) => <Link to="/release/$id" params={{ id: one.releaseId }} className="text-accent hover:underline">{one.version}</Link> },
  { id: "how", header: "How it went", cell: (one: Deployment) => <ToneMark tone={one.failed || !one.succeeded ? "bad" : one.rollback || one.rework ? "warn" : "good"}>{one.failed || !one.succeeded ? "Failed" : one.rollback ? "Rollback" : one.rework ? "Rework" : "Succeeded"}</ToneMark> },
];
const CHANGES = [
  { id: "sha", header: "Commit", cell: (one: Change) => <Hash value={one.sha} /> },
  { id: "module", header: "Module", cell: (one: Change) => one.module },
  ...PARTS.map(([part, name]) => ({ id: part, header: name, align: "right" as const, cell: (one: Change) => long(one.parts[part]) })),
  { id: "total", header: "Whole", align: "right" as const, cell: (one: Change) => <strong>{long(one.parts.totalMs)}</strong> },
  { id: "when", header: "Running", cell: (one: Change) => <Time at={one.runningAt} /> },
];
const RESTORES = [
  { id: "module", header: "Module", cell: (one: Restore) => one.module },
  { id: "failed", header: "Failed", cell: (one: Restore) => <Time at={one.failedAt} /> },
  { id: "restored", header: "Restored", cell: (one: Restore) => (one.restoredAt ? <Time at={one.restoredAt} /> : "not yet") },
];

function Figure({ name, value, more, rows, chosen, onChoose }: { name: string; value: string; more: string; rows: string; chosen: boolean; onChoose: () => void }) {
  return (
    <button type="button" aria-pressed={chosen} onClick={onChoose} className={`rounded border bg-panel p-3 text-left hover:bg-raised ${chosen ? "border-accent" : "border-line"}`}>
      <span className="block text-muted">{name}</span>
      <span className="block text-xl font-semibold">{value}</span>
      <span className="block text-xs text-muted">{more} · {rows}</span>
    </button>
  );
}

function Content({ metrics, since, until }: { metrics: Metrics; since: string; until: string }) {
  const search = route.useSearch();
  const navigate = useNavigate();
  const [days, good, bad] = useMemo(() => perDay(metrics, since, until), [metrics, since, until]);
  const metric = search.metric === "lead" || search.metric === "restore" ? search.metric : "deployments";
  const choose = (next: string) => () => void navigate({ to: "/insights", replace: true, search: { ...search, metric: next } });
  const { deployments, changes, restores } = metrics;
  return (
    <div className="space-y-3">
      <div className="grid grid-cols-2 gap-2 lg:grid-cols-5">
        <Figure name="Deployments a day" value={String(Number(metrics.deploymentsPerDay.toPrecision(3)))} more="frequency" rows={`${deployments.length} deployments`} chosen={metric === "deployments"} onChoose={choose("deployments")} />
        <Figure name="Lead time" value={changes.length === 0 ? "—" : long(metrics.leadTime.p50Ms)} more={changes.length === 0 ? "nothing arrived" : `p90 ${long(metrics.leadTime.p90Ms)}`} rows={`${changes.length} changes`} chosen={metric === "lead"} onChoose={choose("lead")} />
        <Figure name="Change failure rate" value={share(metrics.changeFailureRate)} more="failed deployments" rows={`${deployments.filter((one) => one.failed).length} failed`} chosen={metric === "deployments"} onChoose={choose("deployments")} />
        <Figure name="Time to restore" value={restores.length === 0 ? "—" : long(metrics.timeToRestore.p50Ms)} more={restores.length === 0 ? "nothing failed" : `p90 ${long(metrics.timeToRestore.p90Ms)}`} rows={`${restores.length} failures`} chosen={metric === "restore"} onChoose={choose("restore")} />
        <Figure name="Rework rate" value={share(metrics.reworkRate)} more="unplanned fixes" rows={`${deployments.filter((one) => one.rework).length} of them`} chosen={metric === "deployments"} onChoose={choose("deployments")} />
      </div>
      <Panel title="Deployments a day"><Suspense fallback={<Loading rows={3} />}><Chart days={days} good={good} bad={bad} /></Suspense></Panel>
      <Panel title="Where the lead time goes" flush>
        <table className="w-full text-left"><caption className="sr-only">The mean of each part of the lead time</caption>
          <thead className="sr-only"><tr><th scope="col">Part</th><th scope="col">Mean</th><th scope="col">Share</th></tr></thead>
          <tbody>{waterfall(metrics).map((part) => <tr key={part.name} className="border-b border-line last:border-b-0"><th scope="row" className="w-28 px-3 py-1.5 font-medium">{part.name}</th><td className="w-24 text-right">{long(part.mean)}</td><td className="px-3"><span className="sr-only">{share(part.share)}</span><span aria-hidden="true" className="block h-3 rounded bg-accent" style={{ width: `${part.share * 100}%` }} /></td></tr>)}</tbody>
        </table>
      </Panel>
      <Panel title="The rows behind the figure" flush>
        {metric === "lead" ? <Table caption="Changes and their lead times" columns={CHANGES} rows={changes} keyOf={(one) => `${one.promotionId} ${one.sha}`} empty={<Empty title="No change arrived in this window" />} />
          : metric === "restore" ? <Table caption="Failures and their ends" columns={RESTORES} rows={restores} keyOf={(one) => one.failedPromotionId} empty={<Empty title="Nothing failed in this window" />} />
          : <Table caption="Deployments" columns={DEPLOYMENTS} rows={deployments} keyOf={(one) => `${one.promotionId} ${one.module}`} empty={<Empty title="Nothing was deployed in this window" />} />}
      </Panel>
    </div>
  );
}

function Window({ project, environmentId, module, days }: { project: string; environmentId: string; module: string | undefined; days: number }) {
  const minute = Math.floor(useNow() / 600_000);
  const { since, until } = useMemo(() => windowOf(days, minute * 600_000 + 600_000), [days, minute]);
  const view = useView(DeliveryMetricsDocument, { projectId: project, environmentId, module, since, until }, { live: { projectId: project, types: ["PromotionSucceeded", "DeploymentPromoted", "GitOpsSyncFailed"] } });
  return <Loaded view={view} rows={8}>{(data) => <Content metrics={data.deliveryMetrics} since={since} until={until} />}</Loaded>;
}

export default function InsightsView() {
  const search = route.useSearch();
  const navigate = useNavigate();
  const project = useProjectOf(search.project);
  const view = useView(ProjectEnvironmentBoardDocument, { projectId: project ?? "" }, { pause: project === null });
  const go = (more: typeof search) => void navigate({ to: "/insights", search: { ...search, ...more } });
  if (project === null) return <><PageHeader title="Insights" /><Empty title="There is no project yet" /></>;
  return (
    <Loaded view={view}>
      {(data) => {
        const places = [...data.environments.nodes].sort((one, other) => one.order - other.order);
        const chosen = places.find((place) => place.id === search.environment) ?? places.at(-1);
        if (!chosen) return <><PageHeader title="Insights" /><Empty title="There are no environments yet" /></>;
        const modules = [...new Set(places.flatMap((place) => place.running.map((one) => one.module)))].sort();
        return (
          <>
            <PageHeader title={`How ${project} delivers to ${chosen.name}`} actions={
              <>
                <Select label="Environment" value={chosen.id} options={places.map((place) => ({ value: place.id, label: place.name }))} onChange={(environment) => go({ environment })} />
                <Select label="Module" value={search.module ?? ""} options={[{ value: "", label: "all" }, ...modules.map((value) => ({ value, label: value }))]} onChange={(module) => go({ module: module || undefined })} />
                <Select label="Window" value={String(search.days ?? 30)} options={WINDOWS} onChange={(days) => go({ days: Number(days) })} />
              </>
            } />
            <Window project={project} environmentId={chosen.id} module={search.module} days={search.days ?? 30} />
          </>
        );
      }}
    </Loaded>
  );
}
