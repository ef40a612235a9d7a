import { Link, getRouteApi } from "@tanstack/react-router";
import { useRef } from "react";

import { useView } from "@/api";
import { ReleasePageDocument } from "@/gql/graphql";
import { Actor, Chip, Empty, Facts, Hash, Loaded, ObjectLink, PageHeader, Panel, StateMark, Table, Time, wordOf } from "@/ui";

import { Approvals } from "./Approve";
import { Places } from "./Places";
import type { Promotion, Release } from "./model";

const route = getRouteApi("/release/$id");

const PROMOTIONS = [
  { id: "to", header: "To", cell: (one: Promotion) => <>{one.environmentName}{one.kind === "ROLLBACK" ? <> <Chip>rollback</Chip></> : null}</> },
  { id: "state", header: "State", cell: (one: Promotion) => <StateMark state={one.status} /> },
  { id: "who", header: "Who", cell: (one: Promotion) => <>{one.automatic ? "automatic" : <Actor actor={one.createdBy} />}</> },
  { id: "when", header: "Requested", cell: (one: Promotion) => <Time at={one.requestedAt} /> },
  { id: "why", header: "Reason", cell: (one: Promotion) => one.reason ?? one.blockers.map((blocker) => blocker.message).join("; ") },
  { id: "chain", header: "Chain", cell: (one: Promotion) => <Link to="/lineage/$id" params={{ id: one.id }} className="text-accent hover:underline">Trace</Link> },
];

function Item({ item }: { item: Release["items"][number] }) {
  const { build } = item;
  return (
    <div className="border-b border-line px-3 py-2 last:border-b-0">
      <div className="flex flex-wrap items-center gap-x-3">
        <strong>{item.module.id}</strong>
        {item.commit ? <ObjectLink kind="Commit" id={item.commit.id}>commit</ObjectLink> : null}<Hash value={item.commitSha} />
        {build?.pullRequest ? <ObjectLink kind="PullRequest" id={build.pullRequest.id}>#{build.pullRequest.number} {build.pullRequest.title}</ObjectLink> : null}
        {build?.run ? <ObjectLink kind="PipelineRun" id={build.run.id}>run {build.run.number}</ObjectLink> : null}
        {build ? <StateMark state={build.status} /> : null}
      </div>
      <ul className="mt-1 space-y-0.5">
        {item.artifacts.map((artifact) => (
          <li key={`${artifact.kind} ${artifact.name}`} className="flex flex-wrap items-center gap-x-2">
            <Chip>{artifact.kind.toLowerCase()}</Chip>{artifact.name}<StateMark state={artifact.state} />
            {artifact.reference ? <span className="min-w-0 break-all font-mono text-xs text-muted">{artifact.reference}</span> : null}
            {artifact.reason ? <span className="text-bad">{artifact.reason}</span> : null}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Content({ release }: { release: Release }) {
  return (
    <div className="space-y-3">
      <PageHeader
        title={`${release.name} ${release.version}`}
        facts={<><StateMark soft state={release.status} /><span>planned by {release.automatic ? "its build" : <Actor actor={release.plannedBy} />} <Time at={release.createdAt} /></span></>}
        actions={<Link to="/lineage/$id" params={{ id: release.id }} className="text-accent hover:underline">Lineage</Link>}
      />
      {release.closedReason || release.voidCause ? <p className="rounded border border-warn bg-warn-soft px-3 py-1.5">{release.closedReason ? `${wordOf(release.status)} by ${release.closedBy ?? "somebody"}: ${release.closedReason}` : `Its approvals became void: ${release.voidCause}`}</p> : null}
      <Places release={release} />
      <Approvals release={release} />
      <Panel title="What is in it" flush>{release.items.map((item) => <Item key={item.build?.id ?? item.commitSha + item.module.id} item={item} />)}</Panel>
      <Panel title="Notes">
        {release.summary ? <p className="mb-2 whitespace-pre-wrap">{release.summary}</p> : null}
        {release.notes.length === 0 ? <p className="text-muted">No changes since the release before.</p> : null}
        <ul className="space-y-0.5">{release.notes.map((note) => <li key={note.sha}><Hash value={note.sha} /> {note.subject} <span className="text-muted">{note.author}{note.pullRequestNumber ? ` · #${note.pullRequestNumber}` : ""}</span></li>)}</ul>
        <div className="mt-3"><Facts items={[["Content digest", <Hash key="digest" value={release.contentDigest} length={12} />], ["Authors", release.authors.join(", ") || "—"]]} /></div>
      </Panel>
      <Panel title="Promotions" flush><Table caption="Promotions of this release" columns={PROMOTIONS} rows={release.promotions.nodes} keyOf={(one) => one.id} empty={<Empty title="It was not promoted yet" />} /></Panel>
    </div>
  );
}

export default function ReleaseView() {
  const { id } = route.useParams();
  const project = useRef<string>(undefined);
  const view = useView(ReleasePageDocument, { id }, { live: { projectId: project.current } });
  project.current = view.data?.release?.projectId;
  return <Loaded view={view} rows={8}>{(data) => (data.release ? <Content release={data.release} /> : <Empty title="There is no such release, or you may not see it" />)}</Loaded>;
}
