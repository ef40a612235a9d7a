import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { type Trouble, lacks, useCommand, useViewer } from "@/api";
import { type BlockerCode, PromoteReleaseDocument, RollbackEnvironmentDocument } from "@/gql/graphql";
import { Blockers, Button, Checkbox, ConfirmDialog, Panel, StateMark, Time, ToneMark, say } from "@/ui";

import { type Place, type Release, newest, runsThere } from "./model";

const closed = (release: Release): string | null => (release.status === "REJECTED" || release.status === "CANCELLED" ? `the release is ${release.status.toLowerCase()}` : null);

function PromoteDialog({ release, place, onClose }: { release: Release; place: Place; onClose: () => void }) {
  const viewer = useViewer();
  const promote = useCommand(PromoteReleaseDocument);
  const [wait, setWait] = useState(false);
  const [overrides, setOverrides] = useState<readonly BlockerCode[]>([]);
  const [errors, setErrors] = useState<readonly Trouble[]>([]);
  const mayOverride = lacks(viewer, "devops.promotions.override") === null;
  const overridable = place.blockers.filter((blocker) => blocker.overridable);
  const now = place.running.filter((running) => release.items.some((item) => item.module.id === running.module));
  const run = async (reason: string) => {
    const outcome = await promote.run({
      input: { releaseId: release.id, environmentId: place.id, whenBlocked: wait ? "WAIT" : "REFUSE", overrides: [...overrides], overrideReason: overrides.length > 0 ? reason : undefined },
    });
    if (!outcome.ok) return setErrors(outcome.errors);
    say(`${release.name} ${release.version} is on its way to ${place.name}.`, "busy");
    onClose();
  };
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={`Promote ${release.name} ${release.version} to ${place.name}`}
      consequences={[
        ...now.map((running) => <>{running.module}: {running.release?.version ?? "an unknown version"} is replaced by {release.version}.</>),
        ...(now.length === 0 ? [`Nothing of it runs in ${place.name} yet.`] : []),
        `Git declares it for ${place.name}, and the target follows.`,
      ]}
      confirm="Promote"
      {...(overrides.length > 0 ? { reason: "required" as const } : {})}
      pending={promote.pending}
      errors={errors}
      onConfirm={(reason) => void run(reason)}
    >
      {place.blockers.length > 0 ? <Blockers blockers={place.blockers} /> : null}
      {place.blockers.length > 0 ? <Checkbox label="Wait until the gates open" checked={wait} onChange={setWait} /> : null}
      {overridable.map((blocker) => (
        <div key={blocker.code}>
          {mayOverride
            ? <Checkbox label={`Override ${blocker.code.toLowerCase().replaceAll("_", " ")}`} checked={overrides.includes(blocker.code)} onChange={(on) => setOverrides((old) => (on ? [...old, blocker.code] : old.filter((code) => code !== blocker.code)))} />
            : <span className="text-muted">It may be overridden by people with the right devops.promotions.override.</span>}
        </div>
      ))}
    </ConfirmDialog>
  );
}

function RollbackDialog({ release, place, onClose }: { release: Release; place: Place; onClose: () => void }) {
  const rollback = useCommand(RollbackEnvironmentDocument);
  const [errors, setErrors] = useState<readonly Trouble[]>([]);
  const run = async (reason: string) => {
    const outcome = await rollback.run({ input: { projectId: release.projectId, environmentId: place.id, reason, module: release.items.length === 1 ? release.items[0]?.module.id : undefined } });
    if (!outcome.ok) return setErrors(outcome.errors);
    say(`${place.name} goes back to what ran there before.`, "busy");
    onClose();
  };
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={`Roll back ${place.name}`}
      consequences={[
        `${release.name} ${release.version} leaves ${place.name}; what ran there before comes back, exactly as it was recorded.`,
        `${place.name} is held: nothing is promoted into it until somebody resumes it.`,
        "Infrastructure is not rolled back.",
      ]}
      confirm="Roll back"
      danger
      reason="required"
      pending={rollback.pending}
      errors={errors}
      onConfirm={(reason) => void run(reason)}
    />
  );
}

const THERE = { all: <ToneMark tone="good">Runs here</ToneMark>, some: <ToneMark tone="warn">Partly here</ToneMark>, none: <ToneMark tone="quiet">Not here</ToneMark> };

/** The environments in the order of promotion: where the release is, what stands in its way, and what can be done. */
export function Places({ release }: { release: Release }) {
  const viewer = useViewer();
  const [asking, setAsking] = useState<{ kind: "promote" | "rollback"; place: Place } | null>(null);
  const places = [...release.environments].sort((one, other) => one.order - other.order);
  return (
    <Panel title="Environments" flush>
      <ol>
        {places.map((place) => {
          const promotion = newest(release, place);
          const there = runsThere(release, place);
          const moving = promotion && ["REQUESTED", "RUNNING", "VERIFYING"].includes(promotion.status);
          const whyNotPromote = lacks(viewer, "devops.promotions.write") ?? closed(release) ?? (there === "all" ? "it runs here already" : moving ? "it is on its way" : null);
          const whyNotRollback = lacks(viewer, "devops.promotions.write") ?? (there === "none" ? "it does not run here" : null);
          return (
            <li key={place.id} className="grid grid-cols-1 gap-2 border-b border-line px-3 py-2 last:border-b-0 md:grid-cols-[9rem_14rem_1fr_auto]">
              <Link to="/environment/$id" params={{ id: place.id }} className="font-medium hover:underline">{place.name}{place.upstream.length > 0 ? <span className="block text-xs font-normal text-muted">after {place.upstream.join(", ")}</span> : null}</Link>
              <div className="space-y-0.5">
                {THERE[there]}
                {promotion ? <div className="text-xs"><StateMark state={promotion.status} /> <span className="text-muted"><Time at={promotion.succeededAt ?? promotion.requestedAt} /></span></div> : null}
              </div>
              {there === "all" || closed(release) ? <span /> : <Blockers blockers={place.blockers} />}
              <div className="flex items-start gap-1.5">
                <Button aria-label={`Promote to ${place.name}`} reason={whyNotPromote} onClick={() => setAsking({ kind: "promote", place })}>Promote</Button>
                <Button aria-label={`Roll back ${place.name}`} reason={whyNotRollback} onClick={() => setAsking({ kind: "rollback", place })}>Roll back</Button>
              </div>
            </li>
          );
        })}
      </ol>
      {asking?.kind === "promote" ? <PromoteDialog release={release} place={asking.place} onClose={() => setAsking(null)} /> : null}
      {asking?.kind === "rollback" ? <RollbackDialog release={release} place={asking.place} onClose={() => setAsking(null)} /> : null}
    </Panel>
  );
}
