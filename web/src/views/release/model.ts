import type { ReleasePageQuery } from "@/gql/graphql";

export type Release = NonNullable<ReleasePageQuery["release"]>;
export type Approval = Release["approvals"][number];
export type Place = Release["environments"][number];
export type Promotion = Release["promotions"]["nodes"][number];

/** Approvals that count, a person once. */
export function standing<One extends Pick<Approval, "approver" | "decision" | "state">>(release: { approvals: readonly One[] }): readonly One[] {
  const seen = new Set<string>();
  return release.approvals.filter((approval) => {
    if (approval.state !== "VALID" || approval.decision !== "APPROVED" || seen.has(approval.approver.toLowerCase())) return false;
    seen.add(approval.approver.toLowerCase());
    return true;
  });
}

/** What it takes to judge a decision: releases of lists have it as well as whole ones. */
export interface Decidable {
  status: Release["status"];
  projectId: string;
  plannedBy: string;
  authors: readonly string[];
  requiredApprovals: number;
  approvals: readonly Pick<Approval, "approver" | "decision" | "state">[];
}
/** The project's rules, as far as they are known. */
export type Rules = { approvers?: readonly string[] | null | undefined; authorsMayApprove: boolean } | null | undefined;
/** Who is asked about. Programs decide only where the project names them. */
export interface Person {
  id: string;
  kind?: string | undefined;
}

// Signatures leave out what Git refuses, and have a host where Git demands one: the server compares so, too.
const bare = (name: string): string => name.replace(/@localhost$/, "").replace(/[\s\p{Cc}<>"\\,;:]/gu, "").toLowerCase();
export const samePerson = (one: string, other: string): boolean => bare(one) !== "" && bare(one) === bare(other);

/** Why the project's rules keep this person from approving it; null when they do not, as far as the page knows. */
function barred(release: Decidable, person: Person, rules: Rules): string | null {
  if (samePerson(release.plannedBy, person.id)) return "you planned this release; somebody else must approve it";
  const named = rules?.approvers;
  if (named?.length === 0) return `nobody may approve in ${release.projectId}: its list of approvers is empty`;
  if (named && !named.includes(person.id)) return `only these people approve in ${release.projectId}: ${named.join(", ")}`;
  const program = person.kind !== undefined && (named ? person.kind === "SYSTEM" : person.kind !== "USER");
  if (program) return "a program may approve only where the project names it among its approvers";
  if (rules && !rules.authorsMayApprove && release.authors.some((author) => samePerson(author, person.id))) return "you wrote changes of this release; somebody else must approve it";
  return null;
}

/**
 * Why this person may not decide on the release, as far as what the page knows tells; null when nothing speaks against
 * it. The server judges again.
 */
export function whyNotApprove(release: Decidable, person: Person | null, lacking: string | null, rules: Rules): string | null {
  if (release.status !== "PENDING_APPROVAL") return release.status === "PLANNED" ? "its artifacts are not ready yet" : `the release is ${release.status.toLowerCase().replaceAll("_", " ")}`;
  if (lacking) return lacking;
  if (person === null) return null;
  const reason = barred(release, person, rules);
  if (reason) return reason;
  return standing(release).some((approval) => approval.approver.toLowerCase() === person.id.toLowerCase()) ? "you have approved it already" : null;
}

/** Who must still decide, in words. */
export function stillMissing(release: Decidable, rules: Rules): string {
  const given = standing(release);
  const missing = Math.max(0, release.requiredApprovals - given.length);
  if (missing === 0) return `${given.length} of ${release.requiredApprovals} approvals are given.`;
  const count = `(${given.length} of ${release.requiredApprovals} did)`;
  const people = missing === 1 ? "person" : "people";
  const named = rules?.approvers;
  if (!named) return `${missing} more ${people} who ${rules?.authorsMayApprove ? "did not plan" : "neither planned nor wrote"} it must approve ${count}.`;
  const left = named.filter((id) => barred(release, { id }, rules) === null && !given.some((approval) => approval.approver.toLowerCase() === id.toLowerCase()));
  if (left.length < missing) return `${missing} more ${people} must approve, but the project names ${left.length === 0 ? "nobody who may" : `only ${left.join(", ")}`} ${count}.`;
  return `${missing} more ${people} of ${left.join(", ")} must approve ${count}.`;
}

/** The newest promotion of the release into a place. */
export const newest = (release: Release, place: Place): Promotion | undefined => release.promotions.nodes.find((promotion) => promotion.environmentId === place.id);

/** What of the release's modules runs there now: `all`, `some` or none of it. */
export function runsThere(release: Release, place: Place): "all" | "some" | "none" {
  const own = release.items.map((item) => item.module.id);
  const there = place.running.filter((running) => running.release?.id === release.id && own.includes(running.module)).length;
  return there === 0 ? "none" : there === own.length ? "all" : "some";
}
