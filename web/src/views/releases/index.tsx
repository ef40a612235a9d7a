import { Link, getRouteApi, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";

import { useView } from "@/api";
import { useProjectOf } from "@/app/project";
import { ProjectEnvironmentsDocument, ReleaseListDocument, type ReleaseStatus } from "@/gql/graphql";
import { Actor, Button, Chip, type Column, Empty, Filters, Loaded, PageHeader, Panel, SearchField, Select, StateMark, Table, Time, wordOf } from "@/ui";

import { standing } from "../release/model";
import { Inbox } from "./Inbox";
import { type Release, reached } from "./model";

const route = getRouteApi("/releases");

const STATES: readonly ReleaseStatus[] = ["PLANNED", "PENDING_APPROVAL", "APPROVED", "REJECTED", "CANCELLED"];
const CHOICES = [{ value: "", label: "All" }, ...STATES.map((value) => ({ value, label: wordOf(value) }))];
const isStatus = (text: string | undefined): text is ReleaseStatus => STATES.some((one) => one === text);

const COLUMNS: readonly Column<Release>[] = [
  { id: "release", header: "Release", cell: (one) => <Link to="/release/$id" params={{ id: one.id }} className="font-medium text-accent hover:underline">{one.name} {one.version}</Link> },
  { id: "approvals", header: "Approvals", cell: (one) => `${standing(one).length} of ${one.requiredApprovals}` },
  { id: "modules", header: "Modules", cell: (one) => one.items.map((item) => item.module.id).join(", ") },
  { id: "who", header: "Planned by", cell: (one) => (one.automatic ? "its build" : <Actor actor={one.plannedBy} />) },
  { id: "when", header: "Planned", cell: (one) => <Time at={one.createdAt} /> },
];

/** The furthest place, and those on the way to it. */
function Reached({ names }: { names: readonly string[] }) {
  const furthest = names.at(-1);
  if (furthest === undefined) return <span className="text-muted">nowhere yet</span>;
  return <span className="flex flex-wrap items-baseline gap-1"><strong className="font-medium">{furthest}</strong>{names.slice(0, -1).map((name) => <Chip key={name}>{name}</Chip>)}</span>;
}

function Listed({ project }: { project: string }) {
  const search = route.useSearch();
  const navigate = useNavigate();
  const status = isStatus(search.status) ? search.status : undefined;
  const view = useView(ReleaseListDocument, { filter: { projectId: project, status, name: search.name }, first: 50, after: search.after }, { live: { projectId: project } });
  const places = useView(ProjectEnvironmentsDocument, { filter: { projectId: project }, first: 100 });
  const nodes = places.data?.environments.nodes;
  const columns = useMemo(() => {
    const order = nodes?.map(({ name }) => name) ?? [];
    const [release, ...rest] = COLUMNS;
    return [
      ...(release ? [release] : []),
      { id: "state", header: "State", cell: (one: Release) => <StateMark state={one.status} /> },
      ...rest.slice(0, 2),
      { id: "reached", header: "Furthest", cell: (one: Release) => <Reached names={reached(one, order)} /> },
      ...rest.slice(2),
    ];
  }, [nodes]);
  const put = (more: Partial<typeof search>) => void navigate({ to: "/releases", search: { ...search, after: undefined, before: undefined, ...more } });
  const filtered = status !== undefined || search.name !== undefined;
  return (
    <>
      <Filters label="Filter releases" onClear={filtered ? () => put({ status: undefined, name: undefined }) : undefined}>
        <Select label="State" value={status ?? ""} options={CHOICES} onChange={(value) => put({ status: value || undefined })} />
        <SearchField label="Name, whole" value={search.name ?? ""} onChange={(name) => put({ name: name.trim() || undefined })} />
      </Filters>
      <Panel title="Releases" flush actions={
        <>
          {search.after ? <Button onClick={() => put({})}>Newest</Button> : null}
          {view.data?.releases.pageInfo.hasNextPage ? <Button onClick={() => put({ after: view.data?.releases.pageInfo.endCursor ?? undefined })}>Older</Button> : null}
        </>
      }>
        <Loaded view={view}>{(data) => (
          <Table caption={`Releases of ${project}`} columns={columns} rows={data.releases.nodes} keyOf={(one) => one.id}
            empty={filtered ? <Empty title="No release is like this">Clear the filters to see all of them.</Empty> : <Empty title="No release was planned yet">A build that succeeds plans one by itself, where the project says so.</Empty>} />
        )}</Loaded>
      </Panel>
    </>
  );
}

export default function ReleasesView() {
  const { project: given } = route.useSearch();
  const project = useProjectOf(given);
  if (project === null) return <><PageHeader title="Releases" /><Empty title="There is no project yet" /></>;
  return (
    <>
      <PageHeader title={`Releases of ${project}`} />
      <div className="mb-3"><Inbox project={project} columns={COLUMNS} /></div>
      <Listed project={project} />
    </>
  );
}
