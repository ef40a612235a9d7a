import type { ReleaseListQuery } from "@/gql/graphql";

import { type Person, whyNotApprove } from "../release/model";

export type Release = ReleaseListQuery["releases"]["nodes"][number];

/** Where a release got to, in the order of promotion; names that the project does not have any more come first. */
export function reached(release: Release, order: readonly string[]): readonly string[] {
  const names = new Set(release.promotions.nodes.filter((one) => one.status === "SUCCEEDED").map((one) => one.environmentName));
  return [...names].sort((one, other) => order.indexOf(one) - order.indexOf(other));
}

/** Why a release that waits does not wait for this person; null when it does. */
export const notMine = (release: Release, person: Person | null, lacking: string | null): string | null => whyNotApprove(release, person, lacking, release.project?.policies);

/** What waits, with what this person can decide first. */
export function byTurn(releases: readonly Release[], person: Person | null, lacking: string | null): readonly Release[] {
  const mine = (one: Release): number => (notMine(one, person, lacking) === null ? 0 : 1);
  return [...releases].sort((one, other) => mine(one) - mine(other));
}
