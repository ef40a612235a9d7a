import { lacks, useCommand, useViewer } from "@/api";
import { type EnvironmentPageQuery, PauseGitOpsDocument, ResumeGitOpsDocument, SyncGitOpsDocument } from "@/gql/graphql";
import { Button, Chip, Empty, Hash, Panel, StateMark, Time, ToneMark, wordOf } from "@/ui";

import type { Asked } from "./useAsked";

export type Environment = NonNullable<EnvironmentPageQuery["environment"]>;
type Sync = Environment["syncs"]["nodes"][number];

/** A difference of texts; each line says by its sign what it is. */
export function Diff({ text }: { text: string }) {
  return (
    <pre tabIndex={0} className="overflow-x-auto rounded border border-line bg-page p-2 font-mono text-xs">
      {text.split("\n").map((line, index) => <div key={index} className={line.startsWith("+") ? "bg-good-soft text-good" : line.startsWith("-") ? "bg-bad-soft text-bad" : ""}>{line || " "}</div>)}
    </pre>
  );
}

function Drift({ sync }: { sync: Sync }) {
  return (
    <details open className="mt-2">
      <summary><ToneMark tone="warn">{sync.driftTotal} {sync.driftTotal === 1 ? "object differs" : "objects differ"} from Git</ToneMark></summary>
      <ul className="mt-1 space-y-2">
        {sync.drift.map((item) => (
          <li key={item.object}>
            <div className="flex flex-wrap gap-2"><strong>{item.object}</strong><Chip>{wordOf(item.change)}</Chip><Chip>{wordOf(item.classification)}</Chip></div>
            {item.diff ? <Diff text={item.diff} /> : null}
          </li>
        ))}
      </ul>
    </details>
  );
}

function SyncRow({ sync, place, ask }: { sync: Sync; place: Environment; ask: (asked: Asked) => void }) {
  const lacking = lacks(useViewer(), "devops.gitops.sync");
  const start = useCommand(SyncGitOpsDocument);
  const pause = useCommand(PauseGitOpsDocument);
  const resume = useCommand(ResumeGitOpsDocument);
  const why = lacking ?? (sync.paused ? "it is paused; resume it first" : sync.operation === "RUNNING" ? "it is being synchronised" : null);
  return (
    <li className="border-b border-line px-3 py-2 last:border-b-0">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <strong className="min-w-32">{sync.module}</strong>
        <StateMark state={sync.sync} />
        {sync.health ? <StateMark state={sync.health} /> : <ToneMark tone="unknown">Health unknown</ToneMark>}
        <span className="text-muted">declared <Hash value={sync.desiredRevision} /> applied {sync.appliedRevision ? <Hash value={sync.appliedRevision} /> : "nothing"} seen <Time at={sync.observedAt} /></span>
        <span className="ml-auto flex gap-1.5">
          <Button aria-label={`Sync now: ${sync.module}`} reason={why} onClick={() => ask({
            title: `Synchronise ${sync.module} in ${place.name}`, confirm: "Sync now", done: `${sync.module} is synchronised.`,
            consequences: ["What Git declares is applied; what was changed by hand is overwritten, what Git does not know is removed."],
            run: () => start.run({ input: { syncId: sync.id, prune: true } }),
          })}>Sync now</Button>
          {sync.paused
            ? <Button aria-label={`Resume ${sync.module}`} reason={lacking} onClick={() => ask({ title: `Resume ${sync.module} in ${place.name}`, confirm: "Resume", done: `${sync.module} follows Git again.`, consequences: ["The target follows Git again, at once."], run: () => resume.run({ input: { syncId: sync.id } }) })}>Resume</Button>
            : <Button aria-label={`Pause ${sync.module}`} reason={lacking} onClick={() => ask({ title: `Pause ${sync.module} in ${place.name}`, confirm: "Pause", reason: "required", done: `${sync.module} is paused.`, consequences: ["The target is left as it is, whatever Git says, until somebody resumes it."], run: (reason) => pause.run({ input: { syncId: sync.id, reason } }) })}>Pause</Button>}
        </span>
      </div>
      {sync.paused ? <p className="mt-1"><ToneMark tone="warn">Paused by {sync.pausedBy ?? "somebody"}: {sync.pauseReason}</ToneMark></p> : null}
      {sync.reason ? <p className="mt-1 text-bad">{sync.reason}</p> : null}
      {sync.driftTotal > 0 ? <Drift sync={sync} /> : null}
    </li>
  );
}

/** How each module's target stands against what Git declares. */
export function Syncs({ place, ask }: { place: Environment; ask: (asked: Asked) => void }) {
  const { nodes } = place.syncs;
  return (
    <Panel title="Git and the target" flush>
      {nodes.length === 0 ? <Empty title="Nothing is declared here yet" /> : <ul>{nodes.map((sync) => <SyncRow key={sync.id} sync={sync} place={place} ask={ask} />)}</ul>}
    </Panel>
  );
}
