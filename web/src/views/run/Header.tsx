import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";

import { type Trouble, lacks, useCommand, useView, useViewer } from "@/api";
import { useActions } from "@/app/Palette";
import { CancelPipelineRunDocument, PipelineRunsDocument, RetryPipelineRunDocument } from "@/gql/graphql";
import { Actor, Button, Chip, ConfirmDialog, Duration, Hash, ObjectLink, PageHeader, StateMark, Time, say } from "@/ui";

import { type Run, attemptsOf, notCancelled, notRetried } from "./model";

const ATTEMPTS = ["PipelineRunStarted", "PipelineRunCompleted"] as const;

function Attempts({ run }: { run: Run }) {
  const again = run.attempt > 1 || run.retries.length > 0;
  const filter = { projectId: run.projectId, pipelineId: run.pipelineId, commitSha: run.commitSha };
  const found = useView(PipelineRunsDocument, { filter, first: 100 }, { pause: !again, live: { projectId: run.projectId, types: ATTEMPTS } });
  const attempts = attemptsOf(run, found.data?.pipelineRuns.nodes ?? []);
  if (attempts.length < 2) return null;
  return (
    <nav aria-label="Attempts" className="flex flex-wrap items-center gap-1.5">
      <span className="text-muted">Attempts</span>
      {attempts.map((one) => (
        <Link key={one.id} to="/run/$id" params={{ id: one.id }} search={{}} aria-current={one.id === run.id ? "page" : undefined}
          className={`inline-flex items-center gap-1 rounded border px-1.5 ${one.id === run.id ? "border-accent font-medium" : "border-line hover:bg-raised"}`}>
          {one.attempt} <StateMark state={one.outcome ?? one.status} />
        </Link>
      ))}
    </nav>
  );
}

function Facts({ run }: { run: Run }) {
  return (
    <div className="mb-3 flex flex-wrap items-center gap-x-4 gap-y-1">
      <span>{run.repository ? <ObjectLink kind="Repository" id={run.repository.id}>{run.repository.name}</ObjectLink> : null} <span className="font-mono text-xs">{run.branch}</span></span>
      <span className="flex min-w-0 items-center gap-1.5">
        {run.commit ? <ObjectLink kind="Commit" id={run.commit.id}><span className="font-mono text-xs">{run.commitSha.slice(0, 8)}</span></ObjectLink> : <Hash value={run.commitSha} />}
        <span className="max-w-96 truncate text-muted">{run.commit?.message.split("\n", 1)[0]}</span>
        {run.commit ? <span className="text-muted">by {run.commit.authorName}</span> : null}
      </span>
      {run.pullRequest ? <ObjectLink kind="PullRequest" id={run.pullRequest.id}>PR {run.pullRequest.number}: {run.pullRequest.title}</ObjectLink> : null}
      <span><span className="text-muted">Asked for by</span> <Actor actor={run.createdBy} /> <Time at={run.queuedAt} /></span>
      <span><span className="text-muted">Took</span> <Duration from={run.startedAt} to={run.finishedAt} /></span>
      {run.variables.map((one) => <Chip key={one.name}>{one.name} = {one.value}</Chip>)}
      {run.tags.map((tag) => <Chip key={tag}>{tag}</Chip>)}
      <Attempts run={run} />
    </div>
  );
}

function Cancel({ run, open, onClose }: { run: Run; open: boolean; onClose: () => void }) {
  const command = useCommand(CancelPipelineRunDocument);
  const [errors, setErrors] = useState<readonly Trouble[]>([]);
  const cancel = async (reason: string) => {
    const outcome = await command.run({ input: { runId: run.id, ...(reason ? { reason } : {}) } });
    if (!outcome.ok) return setErrors(outcome.errors);
    say("The end of the run was asked for.");
    onClose();
  };
  return (
    <ConfirmDialog open={open} onClose={onClose} title={`Cancel run ${run.number}`} confirm="Cancel the run" dismiss="Let it run" danger reason="optional" pending={command.pending} errors={errors} onConfirm={(reason) => void cancel(reason)}
      consequences={["Steps that run are stopped; those that have not begun will not.", "Nothing of it can be released. It can be repeated as a new attempt."]} />
  );
}

/** What the run is, and what can be done with it. */
export function Header({ run }: { run: Run }) {
  const viewer = useViewer();
  const navigate = useNavigate();
  const retry = useCommand(RetryPipelineRunDocument);
  const [cancelling, setCancelling] = useState(false);
  const right = lacks(viewer, "devops.pipelines.run");
  const [noCancel, noRetry] = [right ?? notCancelled(run), right ?? notRetried(run)];
  const again = async () => {
    const outcome = await retry.run({ input: { runId: run.id } });
    if (!outcome.ok) return say(outcome.errors.map((error) => error.message).join(" "));
    const next = outcome.data.payload.object;
    if (next) void navigate({ to: "/run/$id", params: { id: next.id }, search: {} });
  };
  useActions(useMemo(() => [
    { id: "retry-run", label: "Retry this run", run: () => document.getElementById("retry-run")?.click(), reason: noRetry },
    { id: "cancel-run", label: "Cancel this run", run: () => setCancelling(true), reason: noCancel },
  ], [noCancel, noRetry]));
  return (
    <>
      <PageHeader title={`${run.module.name} #${run.number}`}
        facts={<><StateMark state={run.outcome ?? run.status} soft /><span>attempt {run.attempt}</span>{run.cancellation && run.status !== "COMPLETED" ? <span>{run.cancellation.by} asked for its end</span> : null}</>}
        actions={
          <>
            <Link to="/lineage/$id" params={{ id: run.id }} className="text-accent hover:underline">Lineage</Link>
            <Button id="retry-run" reason={noRetry} pending={retry.pending} onClick={() => void again()}>Retry</Button>
            <Button kind="danger" reason={noCancel} onClick={() => setCancelling(true)}>Cancel run</Button>
          </>
        } />
      <Facts run={run} />
      {cancelling ? <Cancel run={run} open onClose={() => setCancelling(false)} /> : null}
    </>
  );
}
