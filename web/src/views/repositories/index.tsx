import { Link, getRouteApi } from "@tanstack/react-router";

import { useView } from "@/api";
import { useProjectOf } from "@/app/project";
import { RepositoryListDocument, type RepositoryListQuery } from "@/gql/graphql";
import { CopyButton, Empty, Loaded, PageHeader, Panel, StateMark, Table, Time } from "@/ui";

const route = getRouteApi("/repositories");
type Repository = RepositoryListQuery["repositories"]["nodes"][number];

const COLUMNS = [
  { id: "name", header: "Repository", cell: (one: Repository) => <Link to="/repository/$id" params={{ id: one.id }} className="font-medium text-accent hover:underline">{one.name}</Link> },
  { id: "state", header: "State", cell: (one: Repository) => <StateMark state={one.status} /> },
  { id: "pulls", header: "Open pull requests", cell: (one: Repository) => `${one.pullRequests.nodes.length}${one.pullRequests.pageInfo.hasNextPage ? " and more" : ""}` },
  { id: "branch", header: "Default branch", cell: (one: Repository) => one.defaultBranch },
  { id: "clone", header: "Clone", cell: (one: Repository) => <span className="inline-flex items-center font-mono text-xs">{one.remoteUrl}<CopyButton text={one.remoteUrl} label={`clone address of ${one.name}`} /></span> },
  { id: "when", header: "Changed", cell: (one: Repository) => <Time at={one.updatedAt} /> },
];

export default function RepositoriesView() {
  const { project: given } = route.useSearch();
  const project = useProjectOf(given);
  const view = useView(RepositoryListDocument, { projectId: project ?? "" }, { live: { projectId: project ?? undefined }, pause: project === null });
  if (project === null) return <><PageHeader title="Repositories" /><Empty title="There is no project yet" /></>;
  return (
    <>
      <PageHeader title={`Repositories of ${project}`} />
      <Panel title="Repositories" flush>
        <Loaded view={view}>{(data) => <Table caption={`Repositories of ${project}`} columns={COLUMNS} rows={data.repositories.nodes} keyOf={(one) => one.id} empty={<Empty title="There are no repositories yet" />} />}</Loaded>
      </Panel>
    </>
  );
}
