import type { AnyState } from "@/gql/states";

export type { AnyState };

/** What a state means to somebody who must act: its shape and colour follow. The word stands beside it always. */
export type Tone = "good" | "bad" | "warn" | "busy" | "quiet" | "unknown";

const TONES: Record<AnyState, Tone> = {
  ABANDONED: "quiet", ACTIVE: "good", APPLYING: "busy", APPROVED: "good", ARCHIVED: "quiet", BUILT: "good",
  CANCELLED: "quiet", CLEAN: "good", COMPLETED: "good", CONFLICTING: "bad", CREATED: "good", CREATING: "busy",
  DEGRADED: "bad", DELETED: "quiet", DELETING: "busy", DESTROYED: "quiet", DRIFTED: "warn", ERRORED: "bad",
  EXPIRED: "quiet", FAILED: "bad", GATED: "warn", HEALTHY: "good", IDLE: "quiet", INVALID: "bad", IN_FLIGHT: "busy",
  LANDED: "good", LANDED_AS: "good", MERGED: "good", MERGING: "busy", MISSING: "bad", NOT_STARTED: "quiet", OPEN: "busy",
  OUT_OF_SYNC: "warn", PASSED: "good", PENDING: "busy", PENDING_APPROVAL: "warn", PLANNED: "quiet", PLANNING: "busy",
  PROGRESSING: "busy", PROVISIONED: "good", PROVISIONING: "busy", PUBLISHED: "good", QUEUED: "quiet", READY: "good",
  REJECTED: "bad", RENDERED: "good", RENDERING: "busy", REQUESTED: "quiet", REVERTED: "warn", ROLLED_BACK: "warn",
  RUNNING: "busy", SKIPPED: "quiet", STALE: "warn", SUCCEEDED: "good", SUCCEEDED_WITH_ISSUES: "warn", SUPERSEDED: "quiet",
  SUSPENDED: "warn", SYNCED: "good", UNKNOWN: "unknown", UP_TO_DATE: "quiet", VALID: "good", VERIFYING: "busy", VOID: "warn",
};

export const toneOf = (state: AnyState): Tone => TONES[state];

/** `PENDING_APPROVAL` as people say it. */
export const wordOf = (state: string): string => {
  const word = state.replaceAll("_", " ").toLowerCase();
  return word.charAt(0).toUpperCase() + word.slice(1);
};
