import { type AnyState, Shape, type Tone, ToneMark, Tooltip, toneOf, wordOf } from "@/ui";

/** How a stage, job or step stands: its result once it has one. */
export function stateOf<State extends AnyState, Result extends AnyState>(record: { state: State; result?: Result | null }): State | Result {
  return record.result ?? record.state;
}

/** What its state means: one that waits for those before it is not at work. */
export const toneOfRecord = (record: { state: AnyState; result?: AnyState | null }): Tone => (stateOf(record) === "PENDING" ? "quiet" : toneOf(stateOf(record)));

export function RecordMark({ record, bare = false }: { record: { state: AnyState; result?: AnyState | null }; bare?: boolean }) {
  return <ToneMark tone={toneOfRecord(record)}>{bare ? null : wordOf(stateOf(record))}</ToneMark>;
}

export interface StageLike {
  id: string;
  displayName: string;
  state: AnyState;
  result?: AnyState | null;
}

/** The stages of a run in one line of marks, each of which leads with its name and state. */
export function StageMarks({ stages }: { stages: readonly StageLike[] }) {
  if (stages.length === 0) return <span className="text-muted">—</span>;
  return (
    <ol className="inline-flex items-center" aria-label="Stages">
      {stages.map((stage, index) => {
        const words = `${stage.displayName}: ${wordOf(stateOf(stage))}`;
        return (
          <li key={stage.id} className="inline-flex items-center">
            {index > 0 ? <span aria-hidden="true" className="h-px w-1.5 bg-line-strong" /> : null}
            <Tooltip words={words}>
              <span className="inline-flex"><Shape tone={toneOfRecord(stage)} /><span className="sr-only">{words}</span></span>
            </Tooltip>
          </li>
        );
      })}
    </ol>
  );
}
