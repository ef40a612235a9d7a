import { useState } from "react";

import { type Trouble, lacks, useCommand, useViewer } from "@/api";
import { AbandonPullRequestDocument, MergePullRequestDocument, type MergeStrategy, type PullRequestPageQuery, type ReviewDecision, ReviewPullRequestDocument } from "@/gql/graphql";
import { Button, ConfirmDialog, Select, say } from "@/ui";

export type PullRequest = NonNullable<PullRequestPageQuery["pullRequest"]>;

const STRATEGIES: readonly { value: MergeStrategy; label: string }[] = [
  { value: "MERGE", label: "a merge commit" },
  { value: "SQUASH", label: "one squashed commit" },
  { value: "REBASE", label: "its commits, rebased" },
];

/** Why it cannot be merged now, in words; null when nothing that the page knows speaks against it. */
export function whyNotMerge(pull: PullRequest): string | null {
  if (pull.status !== "OPEN") return `it is ${pull.status.toLowerCase()}`;
  if (pull.mergeability === "CONFLICTING") return `it conflicts in ${pull.conflictPaths.join(", ")}`;
  if (pull.mergeability === "UP_TO_DATE") return "its target has everything already";
  if (pull.unmetPolicy.length > 0) return pull.unmetPolicy.map((finding) => finding.message).join("; ");
  return null;
}

/** Review, merge and abandon. */
export function Decide({ pull }: { pull: PullRequest }) {
  const viewer = useViewer();
  const merge = useCommand(MergePullRequestDocument);
  const review = useCommand(ReviewPullRequestDocument);
  const abandon = useCommand(AbandonPullRequestDocument);
  const [asking, setAsking] = useState<"merge" | ReviewDecision | "abandon" | null>(null);
  const [strategy, setStrategy] = useState<MergeStrategy>("MERGE");
  const [errors, setErrors] = useState<readonly Trouble[]>([]);
  const closed = pull.status === "OPEN" ? null : `it is ${pull.status.toLowerCase()}`;
  const own = viewer && viewer.actor.id.toLowerCase() === pull.author.toLowerCase() ? "you wrote it; somebody else must review it" : null;
  const whyNotReview = closed ?? lacks(viewer, "devops.pullrequests.review") ?? own;
  const close = () => {
    setAsking(null);
    setErrors([]);
  };
  const run = async (words: string) => {
    const id = pull.id;
    const outcome = asking === "merge" ? await merge.run({ input: { pullRequestId: id, strategy, expectedSourceSha: pull.sourceSha } })
      : asking === "abandon" ? await abandon.run({ input: { pullRequestId: id } })
      : await review.run({ input: { pullRequestId: id, decision: asking ?? "APPROVED", body: words || undefined, expectedSourceSha: pull.sourceSha } });
    if (!outcome.ok) return setErrors(outcome.errors);
    say(asking === "merge" ? `#${pull.number} is being merged.` : asking === "abandon" ? `#${pull.number} was abandoned.` : "Your review was taken.");
    close();
  };
  const texts = {
    merge: { title: `Merge #${pull.number} into ${pull.targetBranch}`, confirm: "Merge", consequences: [`${pull.targetBranch} gets the changes; what follows from a change of it, as a run of its pipeline, follows.`] },
    APPROVED: { title: `Approve #${pull.number}`, confirm: "Approve", consequences: ["Your approval is of this state; it does not count for commits that come later."] },
    CHANGES_REQUESTED: { title: `Request changes of #${pull.number}`, confirm: "Request changes", consequences: ["It cannot be merged where reviews are demanded, until you approve it."] },
    abandon: { title: `Abandon #${pull.number}`, confirm: "Abandon", consequences: ["It is closed without being merged. Its branch stays."] },
  };
  const text = asking ? texts[asking] : null;
  return (
    <>
      <Button reason={whyNotReview} onClick={() => setAsking("APPROVED")}>Approve</Button>
      <Button reason={whyNotReview} onClick={() => setAsking("CHANGES_REQUESTED")}>Request changes</Button>
      <Button reason={closed ?? lacks(viewer, "devops.pullrequests.write")} onClick={() => setAsking("abandon")}>Abandon</Button>
      <Button kind="primary" reason={lacks(viewer, "devops.pullrequests.merge") ?? whyNotMerge(pull)} onClick={() => setAsking("merge")}>Merge</Button>
      {text ? (
        <ConfirmDialog
          open onClose={close} {...text} danger={asking === "abandon"} {...(asking === "APPROVED" || asking === "CHANGES_REQUESTED" ? { reason: asking === "APPROVED" ? "optional" as const : "required" as const } : {})}
          pending={merge.pending || review.pending || abandon.pending} errors={errors} onConfirm={(words) => void run(words)}
        >
          {asking === "merge" ? <Select label="As" value={strategy} options={STRATEGIES} onChange={setStrategy} /> : null}
        </ConfirmDialog>
      ) : null}
    </>
  );
}
