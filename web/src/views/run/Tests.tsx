import { useState } from "react";

import { useView } from "@/api";
import { type RunResultsQuery, RunResultsDocument } from "@/gql/graphql";
import { Button, type Column, CopyButton, Empty, Facts, Loaded, Panel, StateMark, Table, ToneMark } from "@/ui";

import { plain } from "./log/ansi";
import type { Run } from "./model";

type Result = NonNullable<RunResultsQuery["buildResult"]>;
type Failed = Result["failures"]["nodes"][number];
type Other = Result["others"]["nodes"][number];

const BAD = 100;
const PAGE = 100;

const milliseconds = (value: number | null | undefined): string => (value == null ? "—" : value < 1_000 ? `${value} ms` : `${(value / 1_000).toFixed(1)} s`);
const placeOf = (one: { file?: string | null; line?: number | null }): string => (one.file ? `${one.file}${one.line ? `:${one.line}` : ""}` : "");

function FailedCase({ one, open }: { one: Failed; open: boolean }) {
  const details = one.details ? plainText(one.details) : "";
  return (
    <li>
      <details open={open} className="border-b border-line px-3 py-1.5 last:border-b-0">
        <summary className="flex flex-wrap items-center gap-x-3">
          <StateMark state={one.outcome} />
          <span className="min-w-0 break-words font-medium">{one.name}</span>
          <span className="text-muted">{one.class || one.suite}</span>
          <span className="ml-auto text-muted">{milliseconds(one.durationMs)}</span>
        </summary>
        <div className="mt-1 space-y-1 pl-4">
          {one.message ? <p className="break-words whitespace-pre-wrap">{plainText(one.message)}</p> : null}
          {placeOf(one) ? <p className="font-mono text-xs text-muted">{placeOf(one)}</p> : null}
          {details ? (
            <div className="relative">
              <pre tabIndex={0} aria-label={`Details of ${one.name}`} className="max-h-96 overflow-auto rounded border border-line bg-raised p-2 font-mono text-xs">{details}</pre>
              <span className="absolute top-1 right-1"><CopyButton text={details} label="the details" /></span>
            </div>
          ) : null}
          {!one.message && !details ? <p className="text-muted">The test said nothing about it.</p> : null}
        </div>
      </details>
    </li>
  );
}

const plainText = (text: string): string => text.split("\n").map(plain).join("\n");

const COLUMNS: readonly Column<Other>[] = [
  { id: "outcome", header: "Outcome", width: "8rem", cell: (one) => <StateMark state={one.outcome} /> },
  { id: "name", header: "Test", cell: (one) => <span className="break-words">{one.name}</span>, sort: (one) => one.name },
  { id: "class", header: "In", cell: (one) => <span className="text-muted">{one.class || one.suite}</span>, sort: (one) => one.class || one.suite },
  { id: "took", header: "Took", align: "right", cell: (one) => milliseconds(one.durationMs), sort: (one) => one.durationMs },
];

function Counts({ result }: { result: Result }) {
  const { tests, coverage } = result;
  return (
    <Panel title="Results">
      <Facts items={[
        ["Tests", tests ? (
          <span className="flex flex-wrap gap-x-4">
            {tests.failed + tests.errored > 0 ? <ToneMark tone="bad">{tests.failed} failed{tests.errored ? `, ${tests.errored} errored` : ""}</ToneMark> : null}
            <ToneMark tone={tests.passed > 0 ? "good" : "quiet"}>{tests.passed} passed</ToneMark>
            {tests.skipped ? <ToneMark tone="quiet">{tests.skipped} skipped</ToneMark> : null}
            <span className="text-muted">of {tests.total} in {milliseconds(tests.durationMs)}</span>
          </span>
        ) : <ToneMark tone="unknown">No results of tests were published</ToneMark>],
        ["Coverage", coverage ? `${(coverage.lineRate * 100).toFixed(1)} % (${coverage.linesCovered} of ${coverage.linesValid} lines)` : <ToneMark tone="unknown">Not measured</ToneMark>],
        ...(result.findings.length ? [["Could not be read", <ul key="f">{result.findings.map((one, index) => <li key={index}>{placeOf(one)} {one.message}</li>)}</ul>] as const] : []),
      ]} />
    </Panel>
  );
}

function Others({ result, after, onMore }: { result: Result; after: string | undefined; onMore: (after: string | undefined) => void }) {
  const { pageInfo, nodes, totalCount } = result.others;
  if (totalCount === 0) return null;
  return (
    <Panel title={`Passed and skipped (${totalCount})`} flush actions={
      <>
        {after ? <Button onClick={() => onMore(undefined)}>First page</Button> : null}
        {pageInfo.hasNextPage ? <Button onClick={() => onMore(pageInfo.endCursor ?? undefined)}>Next {PAGE}</Button> : null}
      </>
    }>
      <Table caption="Tests that passed or were skipped" columns={COLUMNS} rows={nodes} keyOf={(one) => one.id} />
    </Panel>
  );
}

function Content({ id }: { id: string }) {
  const [after, setAfter] = useState<string>();
  const view = useView(RunResultsDocument, { id, bad: BAD, first: PAGE, ...(after ? { after } : {}) });
  return (
    <Loaded view={view}>
      {({ buildResult }) => buildResult ? (
        <div className="space-y-3">
          <Counts result={buildResult} />
          {buildResult.failures.totalCount > 0 ? (
            <Panel title={`Did not pass (${buildResult.failures.totalCount})`} flush>
              <ul>{buildResult.failures.nodes.map((one, index) => <FailedCase key={one.id} one={one} open={index < 3} />)}</ul>
              {buildResult.failures.totalCount > BAD ? <p className="border-t border-line px-3 py-1.5 text-muted">The first {BAD} are shown.</p> : null}
            </Panel>
          ) : null}
          <Others result={buildResult} after={after} onMore={setAfter} />
        </div>
      ) : <Empty title="The results are not there any more" />}
    </Loaded>
  );
}

/** What the run proved: failures first, with what they said. */
export function Tests({ run }: { run: Run }) {
  if (run.build) return <Content id={run.build.id} />;
  return <Empty title={run.status === "COMPLETED" ? "Its results are being read" : "There are no results yet"}>Results are read when the run has ended.</Empty>;
}
