import type { RunDetailsQuery } from "@/gql/graphql";
import type { AnyState, Tone } from "@/ui";
import { toneOfRecord } from "@/views/runs/stages";

export type Run = NonNullable<RunDetailsQuery["pipelineRun"]>;
export type Stage = Run["stages"][number];
export type Job = Stage["jobs"][number];
export type Step = Job["steps"][number];

export interface Failure {
  stage: Stage;
  job: Job;
  /** Null where the job failed without a step of its own, as when its agent was lost. */
  step: Step | null;
}

const failed = (record: { result?: AnyState | null }): boolean => record.result === "FAILED" || record.result === "ERRORED";

/** Everything that failed, the step that did so first in front: what follows it is often its consequence. */
export function failures(run: Pick<Run, "stages">): Failure[] {
  const found: Failure[] = [];
  for (const stage of run.stages) {
    for (const job of stage.jobs) {
      const steps = job.steps.filter(failed);
      for (const step of steps) found.push({ stage, job, step });
      if (steps.length === 0 && failed(job)) found.push({ stage, job, step: null });
    }
  }
  const end = (one: Failure) => (one.step ?? one.job).finishedAt ?? "~";
  return found.sort((one, other) => end(one).localeCompare(end(other)));
}

export const nameOfJob = (job: Pick<Job, "displayName" | "leg">): string => (job.leg ? `${job.displayName} (${job.leg})` : job.displayName);

/** Every step with a log, named by where it is. */
export function stepsOf(run: Pick<Run, "stages">): { id: string; name: string }[] {
  return run.stages.flatMap((stage) =>
    stage.jobs.flatMap((job) =>
      job.steps.map((step) => ({ id: step.id, name: `${stage.displayName} / ${nameOfJob(job)} / ${step.displayName}` })),
    ),
  );
}

export interface Drawn {
  id: string;
  label: string;
  state: AnyState;
  tone: Tone;
  stage: string;
  /** The job that it is, and null for a stage. */
  job: string | null;
}

/**
 * Stages with their jobs as nodes and edges: a stage leads to its jobs, and all of them to the stage that is next in
 * order. A stage with one job is drawn as that.
 */
export function drawingOf(run: Pick<Run, "stages">): { nodes: Drawn[]; edges: { from: string; to: string }[] } {
  const nodes: Drawn[] = [];
  const edges: { from: string; to: string }[] = [];
  let last: string[] = [];
  for (const stage of run.stages) {
    const { displayName: name, jobs } = stage;
    const state = stage.result ?? stage.state;
    const alone = jobs.length === 1 ? jobs[0] : undefined;
    const head = alone?.id ?? stage.id;
    if (!alone) nodes.push({ id: head, label: name, state, tone: toneOfRecord(stage), stage: name, job: null });
    for (const job of jobs) {
      const own = job.result ?? job.state;
      const label = alone && nameOfJob(job) !== name ? `${name} / ${nameOfJob(job)}` : nameOfJob(job);
      nodes.push({ id: job.id, label, state: own, tone: toneOfRecord(job), stage: name, job: job.id });
      if (!alone) edges.push({ from: head, to: job.id });
    }
    edges.push(...last.map((from) => ({ from, to: head })));
    last = jobs.length ? jobs.map((job) => job.id) : [head];
  }
  return { nodes, edges };
}

export interface Attempt {
  id: string;
  attempt: number;
  status: AnyState;
  outcome?: AnyState | null;
}

/** The attempts in their order: all that were found for the commit, and those that the run itself names. */
export function attemptsOf(run: Attempt & { retriedFrom?: Attempt | null; retries: readonly Attempt[] }, found: readonly Attempt[]): Attempt[] {
  const all = [...found, ...(run.retriedFrom ? [run.retriedFrom] : []), ...run.retries, run];
  return [...new Map(all.map((one) => [one.id, one])).values()].sort((one, other) => one.attempt - other.attempt);
}

/** Why a run cannot be cancelled now, in words. */
export function notCancelled(run: Pick<Run, "status" | "cancellation">): string | null {
  if (run.status === "COMPLETED") return "the run has ended";
  return run.cancellation ? `${run.cancellation.by} asked for its end already` : null;
}

/** Why a run cannot be repeated now, in words. */
export function notRetried(run: Pick<Run, "status" | "outcome"> & { retries: readonly Pick<Attempt, "attempt">[] }): string | null {
  if (run.status !== "COMPLETED") return "the run has not ended; cancel it first, or wait";
  const later = run.retries.at(-1);
  if (later) return `attempt ${later.attempt} repeats it already`;
  return run.outcome === "SUCCEEDED" ? "the run succeeded; a commit is tried again only while it has not" : null;
}
