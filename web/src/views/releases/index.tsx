import { Link, getRouteApi, useNavigate } from "@tanstack/react-router";

import { useSession, useView } from "@/api";
import { useProjectOf } from "@/app/project";
import { ReleaseListDocument, type ReleaseListQuery, type ReleaseStatus } from "@/gql/graphql";
import { Actor, Button, Chip, Empty, Loaded, PageHeader, Panel, Select, StateMark, Table, Time, wordOf } from "@/ui";

const route = getRouteApi("/releases");
type Release = ReleaseListQuery["releases"]["nodes"][number];

const STATES: readonly ReleaseStatus[] = ["PLANNED", "PENDING_APPROVAL", "APPROVED", "REJECTED", "CANCELLED"];
const CHOICES = [{ value: "", label: "all" }, ...STATES.map((value) => ({ value, label: wordOf(value) }))];
const isStatus = (text: string | undefined): text is ReleaseStatus => STATES.some((one) => one === text);

const given = (release: Release): number => new Set(release.approvals.filter((one) => one.state === "VALID" && one.decision === "APPROVED").map((one) => one.approver)).size;
const reached = (release: Release): readonly string[] => [...new Set(release.promotions.nodes.filter((one) => one.status === "SUCCEEDED").map((one) => one.environmentName))];

const COLUMNS = [
  { id: "release", header: "Release", cell: (one: Release) => <Link to="/release/$id" params={{ id: one.id }} className="font-medium text-accent hover:underline">{one.name} {one.version}</Link> },
  { id: "state", header: "State", cell: (one: Release) => <StateMark state={one.status} /> },
  { id: "approvals", header: "Approvals", cell: (one: Release) => `${given(one)} of ${one.requiredApprovals}` },
  { id: "modules", header: "Modules", cell: (one: Release) => one.items.map((item) => item.module.id).join(", ") },
  { id: "reached", header: "Reached", cell: (one: Release) => <span className="flex flex-wrap gap-1">{reached(one).map((name) => <Chip key={name}>{name}</Chip>)}</span> },
  { id: "who", header: "Planned by", cell: (one: Release) => (one.automatic ? "its build" : <Actor actor={one.plannedBy} />) },
  { id: "when", header: "Planned", cell: (one: Release) => <Time at={one.createdAt} /> },
];

/** What waits for a decision, and whether it is this person's to take. */
function Inbox({ project }: { project: string }) {
  const { actor } = useSession();
  const view = useView(ReleaseListDocument, { filter: { projectId: project, status: "PENDING_APPROVAL" }, first: 50 }, { live: { projectId: project } });
  const mine = (one: Release): string => {
    const is = (other: string) => actor !== null && other.toLowerCase() === actor.toLowerCase();
    if (is(one.plannedBy)) return "you planned it: somebody else must approve it";
    if (one.approvals.some((approval) => approval.state === "VALID" && is(approval.approver))) return "you approved it";
    return "waits for you, or another approver";
  };
  const columns = [...COLUMNS.filter(({ id }) => id !== "state" && id !== "reached"), { id: "mine", header: "You", cell: (one: Release) => mine(one) }];
  if (!view.data || view.data.releases.nodes.length === 0) return null;
  return <Panel title={`Waiting for approval (${view.data.releases.nodes.length})`} flush><Table caption="Releases that wait for approval" columns={columns} rows={view.data.releases.nodes} keyOf={(one) => one.id} /></Panel>;
}

export default function ReleasesView() {
  const search = route.useSearch();
  const navigate = useNavigate();
  const project = useProjectOf(search.project);
  const status = isStatus(search.status) ? search.status : undefined;
  const view = useView(ReleaseListDocument, { filter: { projectId: project ?? "", status, name: search.name }, first: 50, after: search.after }, { live: { projectId: project ?? undefined }, pause: project === null });
  if (project === null) return <><PageHeader title="Releases" /><Empty title="There is no project yet" /></>;
  const go = (more: typeof search) => void navigate({ to: "/releases", search: { ...search, after: undefined, ...more } });
  return (
    <div className="space-y-3">
      <PageHeader title={`Releases of ${project}`} actions={<Select label="State" value={status ?? ""} options={CHOICES} onChange={(value) => go({ status: value || undefined })} />} />
      <Inbox project={project} />
      <Panel title="Releases" flush actions={
        <>
          {search.after ? <Button onClick={() => go({ after: undefined })}>Newest</Button> : null}
          {view.data?.releases.pageInfo.hasNextPage ? <Button onClick={() => go({ after: view.data?.releases.pageInfo.endCursor ?? undefined })}>Older</Button> : null}
        </>
      }>
        <Loaded view={view}>{(data) => <Table caption={`Releases of ${project}`} columns={COLUMNS} rows={data.releases.nodes} keyOf={(one) => one.id} empty={<Empty title={status ? `No release is ${wordOf(status).toLowerCase()}` : "No release was planned yet"}>A build that succeeds plans one by itself, where the project says so.</Empty>} />}</Loaded>
      </Panel>
    </div>
  );
}
