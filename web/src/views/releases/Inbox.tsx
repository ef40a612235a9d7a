import { Link } from "@tanstack/react-router";

import { lacks, useSession, useView, useViewer } from "@/api";
import { ReleaseListDocument } from "@/gql/graphql";
import { type Column, Loaded, Panel, Table, ToneMark } from "@/ui";

import { type Release, byTurn, notMine } from "./model";

const PAGE = 50;

/** What waits for a decision, and whether it is this person's to take. */
export function Inbox({ project, columns: shared }: { project: string; columns: readonly Column<Release>[] }) {
  const { actor } = useSession();
  const viewer = useViewer();
  const view = useView(ReleaseListDocument, { filter: { projectId: project, status: "PENDING_APPROVAL" }, first: PAGE }, { live: { projectId: project } });
  const person = viewer?.actor ?? (actor === null ? null : { id: actor });
  const lacking = lacks(viewer, "devops.releases.approve");
  const columns = [
    ...shared,
    {
      id: "mine",
      header: "You",
      cell: (one: Release) => {
        const why = notMine(one, person, lacking);
        return why === null ? <ToneMark tone="warn">Waits for you</ToneMark> : <span className="text-muted">Not for you: {why}</span>;
      },
    },
  ];
  const page = view.data?.releases;
  const mine = page?.nodes.filter((one) => notMine(one, person, lacking) === null).length ?? 0;
  const count = page ? ` (${page.nodes.length}${page.pageInfo.hasNextPage ? "+" : ""}, ${mine} for you)` : "";
  return (
    <Panel
      title={`Waiting for approval${page && page.nodes.length > 0 ? count : ""}`}
      flush
      actions={page?.pageInfo.hasNextPage ? <Link to="/releases" search={{ project, status: "PENDING_APPROVAL" }} className="text-accent hover:underline">All that wait</Link> : null}
    >
      <Loaded view={view} rows={2}>
        {(data) => <Table caption="Releases that wait for approval" columns={columns} rows={byTurn(data.releases.nodes, person, lacking)} keyOf={(one) => one.id} empty={<p className="px-3 py-2 text-muted">No release waits for approval.</p>} />}
      </Loaded>
    </Panel>
  );
}
