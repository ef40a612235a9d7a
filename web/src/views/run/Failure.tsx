import { Link } from "@tanstack/react-router";

import { ToneMark } from "@/ui";

import { type Run, failures, nameOfJob } from "./model";

/** Why the run did not succeed, the step that failed first in front, with the way to its log. */
export function WhyFailed({ run }: { run: Run }) {
  const all = failures(run);
  const first = all[0];
  if (!first && (run.outcome === "SUCCEEDED" || run.outcome == null) && run.findings.length === 0) return null;
  const record = first?.step ?? first?.job;
  const issues = record?.issues.filter((issue) => issue.message !== record.error) ?? [];
  return (
    <section aria-label="Why it did not succeed" className={`mb-3 space-y-1 rounded border px-3 py-2 ${run.outcome === "CANCELLED" ? "border-line-strong bg-quiet-soft" : "border-bad bg-bad-soft"}`}>
      {first ? (
        <p className="flex flex-wrap items-center gap-x-3">
          <ToneMark tone="bad">{first.stage.displayName} / {nameOfJob(first.job)}{first.step ? ` / ${first.step.displayName}` : ""}</ToneMark>
          {first.step ? <Link to="/run/$id" params={{ id: run.id }} search={{ tab: "log", step: first.step.id }} className="text-accent underline">Its log</Link> : null}
          {(run.build?.tests?.failed ?? 0) + (run.build?.tests?.errored ?? 0) > 0 ? <Link to="/run/$id" params={{ id: run.id }} search={{ tab: "tests" }} className="text-accent underline">Failed tests</Link> : null}
          {all.length > 1 ? <span className="text-muted">and {all.length - 1} more that failed after it</span> : null}
        </p>
      ) : <ToneMark tone={run.outcome === "CANCELLED" ? "quiet" : "bad"}>{run.outcome === "CANCELLED" ? "Cancelled" : "It did not succeed"}</ToneMark>}
      {record?.error ? <p className="break-words">{record.error}</p> : null}
      {!record?.error && run.reason ? <p className="break-words">{run.reason}</p> : null}
      {issues.map((issue, index) => (
        <p key={index} className="break-words font-mono text-xs">{issue.sourcePath ? `${issue.sourcePath}${issue.line ? `:${issue.line}` : ""} ` : ""}{issue.message}</p>
      ))}
      {run.findings.map((finding, index) => (
        <p key={`f${index}`} className="break-words font-mono text-xs">{finding.file}{finding.line ? `:${finding.line}` : ""} {finding.message} ({finding.rule})</p>
      ))}
    </section>
  );
}
