import { Link, getRouteApi, useNavigate } from "@tanstack/react-router";
import { useRef } from "react";

import { useView } from "@/api";
import { PullRequestPageDocument } from "@/gql/graphql";
import { Actor, Empty, Hash, Loaded, PageHeader, Panel, Reach, StateMark, Tabs, Time, ToneMark } from "@/ui";

import { Decide, type PullRequest } from "./Decide";
import { Diff } from "./Diff";

const route = getRouteApi("/pull-request/$id");

function Overview({ pull }: { pull: PullRequest }) {
  return (
    <div className="grid gap-3 lg:grid-cols-2">
      <div className="space-y-3">
        <Panel title="About">{pull.description ? <p className="whitespace-pre-wrap">{pull.description}</p> : <p className="text-muted">No description.</p>}</Panel>
        <Panel title="Commits">
          <ul className="space-y-0.5">{pull.commits.map((commit) => <li key={commit.id}><Link to="/change/$id" params={{ id: commit.id }} className="text-accent hover:underline">{commit.message.split("\n")[0]}</Link> {commit.sha ? <Hash value={commit.sha} /> : null} <span className="text-muted">{commit.authorName} <Time at={commit.committedAt} /></span></li>)}</ul>
        </Panel>
        <Panel title="How far it has got" flush><Reach reach={pull.reach} /></Panel>
      </div>
      <div className="space-y-3">
        <Panel title="May it be merged?">
          <div className="space-y-1">
            <StateMark state={pull.mergeability} />
            {pull.conflictPaths.map((path) => <p key={path} className="font-mono text-bad">{path}</p>)}
            {pull.unmetPolicy.map((finding) => <p key={finding.rule + finding.message}><ToneMark tone="warn">{finding.message}</ToneMark></p>)}
            {pull.unmetPolicy.length === 0 && pull.status === "OPEN" ? <p><ToneMark tone="good">Every rule of {pull.targetBranch} is met</ToneMark></p> : null}
          </div>
        </Panel>
        <Panel title="Reviews">
          {pull.reviews.length === 0 ? <p className="text-muted">Nobody reviewed it yet.</p> : null}
          <ul className="space-y-1">{pull.reviews.map((review) => <li key={`${review.reviewer} ${review.at}`}><Actor actor={review.reviewer} /> <ToneMark tone={review.decision === "APPROVED" ? "good" : "bad"}>{review.decision === "APPROVED" ? "approved" : "requested changes"}</ToneMark> <Time at={review.at} />{review.sourceSha !== pull.sourceSha ? <span className="text-muted"> of an earlier state</span> : null}{review.body ? <p className="whitespace-pre-wrap pl-4">{review.body}</p> : null}</li>)}</ul>
        </Panel>
        <Panel title="Checks">
          {pull.checks.length === 0 ? <p className="text-muted">No checks were reported yet.</p> : null}
          <ul className="space-y-1">{pull.checks.map((check) => <li key={check.name}><StateMark state={check.state} label={check.name} /> <span className="text-muted">{check.detail} <Time at={check.at} /></span></li>)}</ul>
          <ul className="mt-2 space-y-1">{pull.runs.map((run) => <li key={run.id}><Link to="/run/$id" params={{ id: run.id }} className="text-accent hover:underline">run {run.number}</Link> <StateMark state={run.outcome ?? run.status} /></li>)}</ul>
        </Panel>
      </div>
    </div>
  );
}

function Content({ pull }: { pull: PullRequest }) {
  const { tab } = route.useSearch();
  const navigate = useNavigate();
  return (
    <>
      <PageHeader
        title={`#${pull.number} ${pull.title}`}
        facts={<><StateMark soft state={pull.status} /><span>{pull.sourceBranch} → {pull.targetBranch}{pull.repository ? <> in <Link to="/repository/$id" params={{ id: pull.repositoryId }} className="hover:underline">{pull.repository.name}</Link></> : null} by {pull.author} <Time at={pull.createdAt} /></span>{pull.mergeCommit ? <Link to="/change/$id" params={{ id: pull.mergeCommit.id }} className="text-accent hover:underline">merged by {pull.mergedBy}</Link> : null}</>}
        actions={<Decide pull={pull} />}
      />
      {pull.reason ? <p className="mb-3 text-bad">{pull.reason}</p> : null}
      <Tabs
        label="Parts of the pull request" value={tab === "files" ? "files" : "overview"}
        onChange={(next) => void navigate({ to: "/pull-request/$id", params: { id: pull.id }, search: { tab: next } })}
        tabs={[
          { name: "overview", title: "Overview", content: () => <Overview pull={pull} /> },
          { name: "files", title: `Files (${pull.diff.files.length})`, content: () => <Diff files={pull.diff.files} /> },
        ]}
      />
    </>
  );
}

export default function PullRequestView() {
  const { id } = route.useParams();
  const project = useRef<string>(undefined);
  const view = useView(PullRequestPageDocument, { id }, { live: { projectId: project.current } });
  project.current = view.data?.pullRequest?.projectId;
  return <Loaded view={view} rows={8}>{(data) => (data.pullRequest ? <Content pull={data.pullRequest} /> : <Empty title="There is no such pull request, or you may not see it" />)}</Loaded>;
}
