import type { ReleasePageQuery } from "@/gql/graphql";

export type Release = NonNullable<ReleasePageQuery["release"]>;
export type Approval = Release["approvals"][number];
export type Place = Release["environments"][number];
export type Promotion = Release["promotions"]["nodes"][number];

/** Approvals that count, a person once. */
export function standing(release: Release): readonly Approval[] {
  const seen = new Set<string>();
  return release.approvals.filter((approval) => {
    if (approval.state !== "VALID" || approval.decision !== "APPROVED" || seen.has(approval.approver)) return false;
    seen.add(approval.approver);
    return true;
  });
}

const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/**
 * Why this person may not decide on the release, as far as what the page knows tells; null when nothing speaks against
 * it. The server judges again.
 */
export function whyNotApprove(release: Release, actor: string | null, lacking: string | null | undefined): string | null {
  if (release.status !== "PENDING_APPROVAL") return release.status === "PLANNED" ? "its artifacts are not ready yet" : `the release is ${release.status.toLowerCase().replaceAll("_", " ")}`;
  if (lacking) return lacking;
  if (actor === null) return null;
  const policies = release.project?.policies;
  if (same(release.plannedBy, actor)) return "you planned this release; somebody else must approve it";
  if (!policies?.authorsMayApprove && release.authors.some((author) => same(author, actor))) return "you wrote changes of this release; somebody else must approve it";
  if (policies?.approvers && !policies.approvers.some((approver) => same(approver, actor))) return `only these people approve in ${release.projectId}: ${policies.approvers.join(", ")}`;
  if (standing(release).some((approval) => same(approval.approver, actor))) return "you have approved it already";
  return null;
}

/** Who must still decide, in words. */
export function stillMissing(release: Release): string {
  const given = standing(release).length;
  const missing = Math.max(0, release.requiredApprovals - given);
  if (missing === 0) return `${given} of ${release.requiredApprovals} approvals are given.`;
  const approvers = release.project?.policies.approvers;
  const left = approvers?.filter((person) => !standing(release).some((approval) => same(approval.approver, person)));
  const who = left ? `of ${left.join(", ")}` : "who neither planned nor wrote it";
  return `${missing} more ${missing === 1 ? "person" : "people"} ${who} must approve (${given} of ${release.requiredApprovals} did).`;
}

/** The newest promotion of the release into a place. */
export const newest = (release: Release, place: Place): Promotion | undefined => release.promotions.nodes.find((promotion) => promotion.environmentId === place.id);

/** What of the release's modules runs there now: `all`, `some` or none of it. */
export function runsThere(release: Release, place: Place): "all" | "some" | "none" {
  const own = release.items.map((item) => item.module.id);
  const there = place.running.filter((running) => running.release?.id === release.id && own.includes(running.module)).length;
  return there === 0 ? "none" : there === own.length ? "all" : "some";
}
