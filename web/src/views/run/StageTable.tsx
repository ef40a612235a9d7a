import { Link } from "@tanstack/react-router";
import { useMemo } from "react";

import { type Column, Duration, Table, Time } from "@/ui";
import { RecordMark } from "@/views/runs/stages";

import { type Job, type Run, type Stage, type Step, nameOfJob } from "./model";

interface Row {
  id: string;
  stage: Stage;
  job: Job;
  step: Step;
}

/** What the graph shows, as rows. */
export function StageTable({ run }: { run: Run }) {
  const rows = useMemo(() => run.stages.flatMap((stage) => stage.jobs.flatMap((job) => job.steps.map((step) => ({ id: step.id, stage, job, step })))), [run]);
  const columns: readonly Column<Row>[] = [
    { id: "stage", header: "Stage", cell: (row) => row.stage.displayName },
    { id: "job", header: "Job", cell: (row) => nameOfJob(row.job) },
    { id: "step", header: "Step", cell: (row) => <Link to="/run/$id" params={{ id: run.id }} search={(old) => ({ ...old, tab: "log", step: row.step.id, line: undefined })} className="text-accent hover:underline">{row.step.displayName}</Link> },
    { id: "state", header: "State", cell: (row) => <RecordMark record={row.step} />, sort: (row) => row.step.result ?? row.step.state },
    { id: "lines", header: "Lines", align: "right", cell: (row) => row.step.logLines, sort: (row) => row.step.logLines },
    { id: "began", header: "Began", align: "right", cell: (row) => <Time at={row.step.startedAt} />, sort: (row) => row.step.startedAt },
    { id: "took", header: "Took", align: "right", cell: (row) => <Duration from={row.step.startedAt} to={row.step.finishedAt} /> },
  ];
  return <Table caption={`Steps of run ${run.number}`} columns={columns} rows={rows} keyOf={(row) => row.id} />;
}
