import type { ChangePageQuery } from "@/gql/graphql";
import { ObjectLink } from "@/ui";
import type { AnyState } from "@/ui";

export type Change = NonNullable<ChangePageQuery["commit"]>;

/** One step of the chain; without a state it was not reached. */
export interface ChainStep {
  name: string;
  entries: readonly { key: string; what: React.ReactNode; state: AnyState; at: string | null | undefined }[];
  /** What the step waits for, where it was not reached. */
  waits: string;
}

/** The chain of a change, from the commit to what runs. */
export function stepsOf(change: Change): readonly ChainStep[] {
  const approvals = change.releases.flatMap((release) => release.approvals);
  return [
    { name: "Commit", waits: "", entries: [{ key: change.id, what: change.message.split("\n")[0], state: change.status, at: change.committedAt }] },
    { name: "Pull request", waits: "no pull request carries it", entries: change.pullRequests.map((one) => ({ key: one.id, what: <ObjectLink kind="PullRequest" id={one.id}>#{one.number} {one.title}</ObjectLink>, state: one.status, at: one.updatedAt })) },
    { name: "Run", waits: "no pipeline has run on it", entries: change.runs.map((one) => ({ key: one.id, what: <ObjectLink kind="PipelineRun" id={one.id}>run {one.number}{one.attempt > 1 ? `, attempt ${one.attempt}` : ""}</ObjectLink>, state: one.outcome ?? one.status, at: one.updatedAt })) },
    { name: "Build", waits: "no run of it has ended", entries: change.builds.map((one) => ({ key: one.id, what: one.runId ? <ObjectLink kind="PipelineRun" id={one.runId}>its result</ObjectLink> : <ObjectLink id={one.id}>its result</ObjectLink>, state: one.status, at: one.updatedAt })) },
    { name: "Packages", waits: "no build of it published one", entries: change.packages.map((one) => ({ key: one.id, what: <ObjectLink id={one.id}>{one.name} {one.packageVersion}</ObjectLink>, state: one.status, at: one.updatedAt })) },
    { name: "Images", waits: "no build of it made one", entries: change.images.map((one) => ({ key: one.id, what: <ObjectLink id={one.id}>{one.name}</ObjectLink>, state: one.status, at: one.updatedAt })) },
    { name: "Release", waits: "no release contains it", entries: change.releases.map((one) => ({ key: one.id, what: <ObjectLink kind="ReleasePlan" id={one.id}>{one.name} {one.releaseVersion}</ObjectLink>, state: one.status, at: one.updatedAt })) },
    { name: "Approval", waits: "nobody has decided on it", entries: approvals.map((one) => ({ key: one.id, what: one.approver, state: one.state === "VALID" ? one.decision : one.state, at: one.decidedAt })) },
  ];
}
