import { Link } from "@tanstack/react-router";

import { Duration } from "@/ui";
import { RecordMark } from "@/views/runs/stages";

import { type Job, type Run, type Stage, nameOfJob } from "./model";

function Steps({ run, job, chosen }: { run: string; job: Job; chosen: string | undefined }) {
  return (
    <ol className="border-t border-line">
      {job.steps.map((step) => (
        <li key={step.id} className={`flex items-center gap-2 px-2 py-0.5 ${step.id === chosen ? "bg-accent-soft" : "hover:bg-raised"}`}>
          <RecordMark record={step} bare />
          <Link to="/run/$id" params={{ id: run }} search={(old) => ({ ...old, tab: "log", step: step.id, line: undefined })} className="min-w-0 flex-1 truncate hover:underline" aria-label={`${step.displayName}: ${(step.result ?? step.state).toLowerCase()}; its log`}>
            {step.displayName}
          </Link>
          <span className="text-xs text-muted">{step.startedAt ? <Duration from={step.startedAt} to={step.finishedAt} /> : step.result === "SKIPPED" ? "skipped" : ""}</span>
        </li>
      ))}
    </ol>
  );
}

function Column({ run, stage, step }: { run: string; stage: Stage; step: string | undefined }) {
  return (
    <li className="max-w-80 min-w-44 flex-1">
      <section aria-label={`Stage ${stage.displayName}`} className="space-y-2">
        <h3 className="flex items-center gap-2">
          <span className="font-medium">{stage.displayName}</span>
          <RecordMark record={stage} />
          <span className="ml-auto text-xs text-muted">{stage.startedAt ? <Duration from={stage.startedAt} to={stage.finishedAt} /> : null}</span>
        </h3>
        {stage.error ? <p className="text-xs text-bad">{stage.error}</p> : null}
        {stage.jobs.map((job) => (
          <details key={job.id} open={job.result !== "SKIPPED"} className="rounded border border-line bg-panel">
            <summary className="flex items-center gap-2 px-2 py-1">
              <span className="min-w-0 flex-1 truncate">{nameOfJob(job)}{job.progress == null || job.state === "COMPLETED" ? "" : ` ${job.progress} %`}</span>
              <RecordMark record={job} />
            </summary>
            <Steps run={run} job={job} chosen={step} />
          </details>
        ))}
      </section>
    </li>
  );
}

/** Stages side by side, with their jobs and steps; a step leads to its log. */
export function Columns({ run, step }: { run: Run; step: string | undefined }) {
  return (
    <div className="overflow-x-auto p-3" tabIndex={0} role="region" aria-label="Stages">
      <ol className="flex gap-4">
        {run.stages.map((stage) => <Column key={stage.id} run={run.id} stage={stage} step={step} />)}
      </ol>
    </div>
  );
}
