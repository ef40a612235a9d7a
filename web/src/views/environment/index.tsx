import { Link, getRouteApi } from "@tanstack/react-router";
import { useRef } from "react";

import { lacks, useCommand, useView, useViewer } from "@/api";
import { CancelPromotionDocument, EnvironmentPageDocument, HoldEnvironmentDocument, ResumeEnvironmentDocument, RollbackEnvironmentDocument } from "@/gql/graphql";
import { Actor, Blockers, Button, Chip, Empty, Loaded, PageHeader, Panel, StateMark, Table, Time, ToneMark } from "@/ui";

import { type Environment, Syncs } from "./Syncs";
import { type Asked, useAsked } from "./useAsked";

const route = getRouteApi("/environment/$id");
type Promotion = Environment["promotions"]["nodes"][number];
type Running = Environment["running"][number];

const WAITING: ReadonlySet<string> = new Set(["REQUESTED", "GATED"]);

function Marks({ place, ask }: { place: Environment; ask: (asked: Asked) => void }) {
  const resume = useCommand(ResumeEnvironmentDocument);
  const lacking = lacks(useViewer(), "devops.environments.write");
  return (
    <>
      {place.freeze ? <p className="rounded border border-warn bg-warn-soft px-3 py-1.5"><ToneMark tone="warn">Freeze “{place.freeze.name}”: {place.freeze.reason}</ToneMark> {place.freeze.until ? <Time at={place.freeze.until} prefix="thaws " /> : null}</p> : null}
      {place.holds.map((hold) => (
        <p key={hold.module ?? ""} className="flex flex-wrap items-center gap-2 rounded border border-warn bg-warn-soft px-3 py-1.5">
          <ToneMark tone="warn">{hold.module ?? "Everything"} is held by {hold.by}: {hold.reason}</ToneMark><Time at={hold.at} />
          <Button reason={lacking} onClick={() => ask({ title: `Resume ${hold.module ?? place.name}`, confirm: "Resume", done: "Resumed.", consequences: ["Releases may be promoted into it again; what waits for it begins at once."], run: () => resume.run({ input: { environmentId: place.id, module: hold.module ?? undefined } }) })}>Resume</Button>
        </p>
      ))}
    </>
  );
}

function Runs({ place, ask }: { place: Environment; ask: (asked: Asked) => void }) {
  const rollback = useCommand(RollbackEnvironmentDocument);
  const lacking = lacks(useViewer(), "devops.promotions.write");
  const columns = [
    { id: "module", header: "Module", cell: (one: Running) => <strong>{one.module}</strong> },
    { id: "version", header: "Version", cell: (one: Running) => (one.release ? <Link to="/release/$id" params={{ id: one.release.id }} className="text-accent hover:underline">{one.release.version}</Link> : "—") },
    { id: "since", header: "Since", cell: (one: Running) => <Time at={one.since} /> },
    { id: "who", header: "By", cell: (one: Running) => (one.promotion.automatic ? "automatic" : <Actor actor={one.promotion.createdBy} />) },
    { id: "chain", header: "Chain", cell: (one: Running) => <Link to="/lineage/$id" params={{ id: one.promotion.id }} search={{ direction: "UPSTREAM" }} className="text-accent hover:underline">back to its commit</Link> },
    { id: "do", header: "", cell: (one: Running) => (
      <Button aria-label={`Roll back ${one.module}`} reason={lacking} onClick={() => ask({
        title: `Roll back ${one.module} in ${place.name}`, confirm: "Roll back", danger: true, reason: "required", done: `${one.module} goes back to what ran before.`,
        consequences: [`${one.module} ${one.release?.version ?? ""} leaves ${place.name}; what ran there before comes back, exactly as it was recorded.`, `${one.module} is held in ${place.name} until somebody resumes it.`, "Infrastructure is not rolled back."],
        run: (reason) => rollback.run({ input: { projectId: place.projectId, environmentId: place.id, module: one.module, reason } }),
      })}>Roll back</Button>
    ) },
  ];
  return <Panel title="What runs" flush><Table caption="What runs here" columns={columns} rows={place.running} keyOf={(one) => one.module} empty={<Empty title="Nothing runs here yet" />} /></Panel>;
}

function Timeline({ place, ask }: { place: Environment; ask: (asked: Asked) => void }) {
  const cancel = useCommand(CancelPromotionDocument);
  const lacking = lacks(useViewer(), "devops.promotions.write");
  const columns = [
    { id: "when", header: "When", cell: (one: Promotion) => <Time at={one.succeededAt ?? one.finishedAt ?? one.requestedAt} /> },
    { id: "what", header: "What", cell: (one: Promotion) => <><Link to="/release/$id" params={{ id: one.releaseId }} className="text-accent hover:underline">{one.releaseName} {one.releaseVersion}</Link>{one.kind === "ROLLBACK" ? <> <Chip>rollback</Chip></> : null}</> },
    { id: "state", header: "State", cell: (one: Promotion) => <StateMark state={one.status} /> },
    { id: "who", header: "Who", cell: (one: Promotion) => (one.automatic ? "automatic" : <Actor actor={one.createdBy} />) },
    { id: "why", header: "Why", cell: (one: Promotion) => (one.status === "GATED" ? <Blockers blockers={one.blockers} /> : (one.reason ?? "")) },
    { id: "do", header: "", cell: (one: Promotion) => (WAITING.has(one.status) ? <Button reason={lacking} onClick={() => ask({ title: `Cancel ${one.releaseName} ${one.releaseVersion}`, confirm: "Cancel the promotion", danger: true, reason: "required", done: "Cancelled.", consequences: ["It does not go in by itself any more; what runs stays."], run: (reason) => cancel.run({ input: { promotionId: one.id, reason } }) })}>Cancel</Button> : null) },
  ];
  return <Panel title="Timeline" flush><Table caption="What was promoted into it" columns={columns} rows={place.promotions.nodes} keyOf={(one) => one.id} empty={<Empty title="Nothing was promoted into it yet" />} /></Panel>;
}

function Content({ place }: { place: Environment }) {
  const { ask, dialog } = useAsked();
  const hold = useCommand(HoldEnvironmentDocument);
  const lacking = lacks(useViewer(), "devops.environments.write");
  const held = place.holds.some((one) => !one.module) ? "it is held already" : null;
  return (
    <div className="space-y-3">
      <PageHeader
        title={`${place.name} of ${place.projectId}`}
        facts={<span>{place.upstream.length > 0 ? `after ${place.upstream.join(", ")} · ` : ""}{place.autoPromote ? "promotes by itself" : "promotes on request"} · {place.selfHeal ? "heals drift by itself" : "tells of drift"}{place.gates.requiredApprovals ? ` · ${place.gates.requiredApprovals} approvals` : ""}{place.gates.soakMinutes ? ` · soaks ${place.gates.soakMinutes} min` : ""}</span>}
        actions={<Button reason={lacking ?? held} onClick={() => ask({ title: `Hold ${place.name}`, confirm: "Hold", reason: "required", done: `${place.name} is held.`, consequences: ["Nothing is promoted into it until somebody resumes it; what runs goes on."], run: (reason) => hold.run({ input: { environmentId: place.id, reason } }) })}>Hold</Button>}
      />
      <Marks place={place} ask={ask} />
      <Runs place={place} ask={ask} />
      <Syncs place={place} ask={ask} />
      <Timeline place={place} ask={ask} />
      {dialog}
    </div>
  );
}

export default function EnvironmentView() {
  const { id } = route.useParams();
  const project = useRef<string>(undefined);
  const view = useView(EnvironmentPageDocument, { id }, { live: { projectId: project.current } });
  project.current = view.data?.environment?.projectId;
  return <Loaded view={view} rows={8}>{(data) => (data.environment ? <Content place={data.environment} /> : <Empty title="There is no such environment, or you may not see it" />)}</Loaded>;
}
