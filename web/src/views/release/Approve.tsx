import { useState } from "react";

import { type Trouble, lacks, useCommand, useSession, useViewer } from "@/api";
import { ApproveReleaseDocument, RejectReleaseDocument } from "@/gql/graphql";
import { Actor, Button, ConfirmDialog, Panel, StateMark, Table, Time, say } from "@/ui";

import { type Release, standing, stillMissing, whyNotApprove } from "./model";

const COLUMNS = [
  { id: "who", header: "Who", cell: (one: Release["approvals"][number]) => <Actor actor={one.approver} /> },
  { id: "decision", header: "Decision", cell: (one: Release["approvals"][number]) => <StateMark state={one.decision} /> },
  { id: "state", header: "Counts", cell: (one: Release["approvals"][number]) => <span><StateMark state={one.state} />{one.cause ? <span className="text-muted"> {one.cause}</span> : null}</span> },
  { id: "reason", header: "Reason", cell: (one: Release["approvals"][number]) => one.reason ?? "—" },
  { id: "when", header: "When", cell: (one: Release["approvals"][number]) => <Time at={one.decidedAt} /> },
];

/** Who approved, who must still, and the caller's own decision. */
export function Approvals({ release }: { release: Release }) {
  const { actor } = useSession();
  const viewer = useViewer();
  const approve = useCommand(ApproveReleaseDocument);
  const reject = useCommand(RejectReleaseDocument);
  const [asking, setAsking] = useState<"approve" | "reject" | null>(null);
  const [errors, setErrors] = useState<readonly Trouble[]>([]);
  const lacking = lacks(viewer, "devops.releases.approve");
  const rules = release.project?.policies;
  const why = whyNotApprove(release, viewer?.actor ?? (actor === null ? null : { id: actor }), lacking, rules);
  const whyNotReject = release.status === "PENDING_APPROVAL" || release.status === "PLANNED" ? lacking : `the release is ${release.status.toLowerCase()}`;
  const close = () => {
    setAsking(null);
    setErrors([]);
  };
  const decide = async (reason: string) => {
    const outcome = asking === "approve"
      ? await approve.run({ input: { releaseId: release.id, contentDigest: release.contentDigest, reason } })
      : await reject.run({ input: { releaseId: release.id, reason } });
    if (!outcome.ok) return setErrors(outcome.errors);
    say(asking === "approve" ? `You approved ${release.name} ${release.version}.` : `You rejected ${release.name} ${release.version}.`);
    close();
  };
  return (
    <Panel
      title="Approvals"
      flush
      actions={
        <>
          <Button kind="primary" reason={why} onClick={() => setAsking("approve")}>Approve</Button>
          <Button kind="danger" reason={whyNotReject} onClick={() => setAsking("reject")}>Reject</Button>
        </>
      }
    >
      <p className="px-3 py-2">{stillMissing(release, rules)}{why && release.status === "PENDING_APPROVAL" ? <span className="text-muted"> You may not: {why}.</span> : null}</p>
      {release.approvals.length > 0 ? <Table caption="Approvals" columns={COLUMNS} rows={release.approvals} keyOf={(one) => one.id} /> : null}
      <ConfirmDialog
        open={asking !== null}
        onClose={close}
        title={asking === "approve" ? `Approve ${release.name} ${release.version}` : `Reject ${release.name} ${release.version}`}
        consequences={asking === "approve"
          ? [
              "Your approval covers exactly these artifacts, their configuration and their targets; when one of them changes it is void.",
              standing(release).length + 1 >= release.requiredApprovals ? "With it the release may go into the environments whose gates are open." : "Others must approve as well.",
            ]
          : ["The release is closed. It cannot be approved or promoted any more; what runs already stays."]}
        confirm={asking === "approve" ? "Approve" : "Reject"}
        danger={asking === "reject"}
        reason="required"
        pending={approve.pending || reject.pending}
        errors={errors}
        onConfirm={(reason) => void decide(reason)}
      />
    </Panel>
  );
}
