import { Link, getRouteApi, useNavigate } from "@tanstack/react-router";
import { useRef } from "react";

import { useView } from "@/api";
import { RepositoryPageDocument, type RepositoryPageQuery } from "@/gql/graphql";
import { Chip, CopyButton, Empty, Hash, Loaded, PageHeader, Panel, StateMark, Table, Tabs, Time } from "@/ui";

const route = getRouteApi("/repository/$id");
type Repository = NonNullable<RepositoryPageQuery["repository"]>;
type Branch = Repository["branches"]["nodes"][number];
type Commit = Repository["commits"]["nodes"][number];
type PullRequest = Repository["pullRequests"]["nodes"][number];

const BRANCHES = [
  { id: "name", header: "Branch", cell: (one: Branch) => <span className="font-medium">{one.name}{one.isDefault ? <> <Chip>default</Chip></> : null}</span> },
  { id: "state", header: "State", cell: (one: Branch) => <StateMark state={one.status} /> },
  { id: "head", header: "Head", cell: (one: Branch) => <Hash value={one.headSha} /> },
  { id: "policy", header: "Policy", cell: (one: Branch) => (one.policy.isProtected ? `protected${one.policy.requiredApprovals ? `, ${one.policy.requiredApprovals} approvals` : ""}${one.policy.requiredChecks.length ? `, checks: ${one.policy.requiredChecks.join(", ")}` : ""}` : "open") },
  { id: "when", header: "Changed", cell: (one: Branch) => <Time at={one.updatedAt} /> },
];
const COMMITS = [
  { id: "what", header: "Commit", cell: (one: Commit) => <Link to="/change/$id" params={{ id: one.id }} className="text-accent hover:underline">{one.message.split("\n")[0]}</Link> },
  { id: "sha", header: "Hash", cell: (one: Commit) => (one.sha ? <Hash value={one.sha} /> : <StateMark state={one.status} />) },
  { id: "branch", header: "Branch", cell: (one: Commit) => one.branchName },
  { id: "who", header: "Author", cell: (one: Commit) => one.authorName },
  { id: "when", header: "When", cell: (one: Commit) => <Time at={one.committedAt} /> },
];
const PULLS = [
  { id: "what", header: "Pull request", cell: (one: PullRequest) => <Link to="/pull-request/$id" params={{ id: one.id }} className="text-accent hover:underline">#{one.number} {one.title}</Link> },
  { id: "state", header: "State", cell: (one: PullRequest) => <StateMark state={one.status} /> },
  { id: "way", header: "Branches", cell: (one: PullRequest) => `${one.sourceBranch} → ${one.targetBranch}` },
  { id: "who", header: "Author", cell: (one: PullRequest) => one.author },
  { id: "when", header: "When", cell: (one: PullRequest) => <Time at={one.mergedAt ?? one.createdAt} /> },
];

function Content({ repository }: { repository: Repository }) {
  const { tab } = route.useSearch();
  const navigate = useNavigate();
  const { branches, commits, pullRequests } = repository;
  return (
    <>
      <PageHeader title={repository.name} facts={<><StateMark state={repository.status} /><span className="inline-flex items-center font-mono text-xs">{repository.remoteUrl}<CopyButton text={repository.remoteUrl} label="clone address" /></span>{repository.description}</>} />
      <Tabs
        label="Parts of the repository"
        value={tab === "branches" || tab === "commits" ? tab : "pulls"}
        onChange={(next) => void navigate({ to: "/repository/$id", params: { id: repository.id }, search: { tab: next } })}
        tabs={[
          { name: "pulls", title: "Pull requests", content: () => <Panel title="Pull requests" flush><Table caption="Pull requests" columns={PULLS} rows={pullRequests.nodes} keyOf={(one) => one.id} empty={<Empty title="There are no pull requests yet" />} /></Panel> },
          { name: "branches", title: "Branches", content: () => <Panel title="Branches" flush><Table caption="Branches" columns={BRANCHES} rows={branches.nodes} keyOf={(one) => one.id} empty={<Empty title="There are no branches yet" />} /></Panel> },
          { name: "commits", title: "Commits", content: () => <Panel title="Newest commits" flush><Table caption="Newest commits" columns={COMMITS} rows={commits.nodes} keyOf={(one) => one.id} empty={<Empty title="There are no commits yet" />} /></Panel> },
        ]}
      />
    </>
  );
}

export default function RepositoryView() {
  const { id } = route.useParams();
  const project = useRef<string>(undefined);
  const view = useView(RepositoryPageDocument, { id }, { live: { projectId: project.current } });
  project.current = view.data?.repository?.projectId;
  return <Loaded view={view} rows={8}>{(data) => (data.repository ? <Content repository={data.repository} /> : <Empty title="There is no such repository, or you may not see it" />)}</Loaded>;
}
