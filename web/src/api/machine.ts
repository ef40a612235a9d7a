/** Where the tab stands in the stream of events: a pure state machine; `live.ts` drives it. */
export interface LiveState {
  phase: "idle" | "connecting" | "catching-up" | "live" | "stale" | "paused";
  /** The last event that the views know of. */
  position: number | null;
  /** The ledger's end as last heard. */
  head: number | null;
  /** Since when the phase holds, in milliseconds since 1970. */
  since: number;
  /** What is missing for good: the views were loaded again in its place. */
  gap: { from: number; to: number } | null;
}

export type LiveInput =
  | { kind: "began"; sequence: number }
  | { kind: "connected"; head: number | null }
  | { kind: "settled" }
  | { kind: "event"; sequence: number }
  | { kind: "gap"; from: number; to: number }
  | { kind: "gap-seen" }
  | { kind: "lost" }
  | { kind: "hidden" }
  | { kind: "shown" };

export const IDLE: LiveState = { phase: "idle", position: null, head: null, since: 0, gap: null };

export function next(state: LiveState, input: LiveInput, now: number): LiveState {
  const to = (phase: LiveState["phase"], more: Partial<LiveState> = {}): LiveState => ({
    ...state,
    ...more,
    phase,
    since: phase === state.phase ? state.since : now,
  });
  switch (input.kind) {
    case "began":
      return to("connecting", { position: input.sequence, head: input.sequence });
    case "connected": {
      const head = Math.max(input.head ?? 0, state.head ?? 0);
      return to(behindOf(state.position, head) > 0 ? "catching-up" : "live", { head });
    }
    // Events that this caller may not see lie between its last one and the head.
    case "settled":
      return state.phase === "catching-up" ? to("live") : state;
    case "event": {
      const position = Math.max(state.position ?? 0, input.sequence);
      const head = Math.max(state.head ?? 0, position);
      return to(behindOf(position, head) > 0 && state.phase === "catching-up" ? "catching-up" : "live", { position, head });
    }
    case "gap":
      return to(state.phase, { position: input.to, gap: { from: input.from, to: input.to } });
    case "gap-seen":
      return { ...state, gap: null };
    case "lost":
      return state.phase === "paused" || state.phase === "idle" ? state : to("stale");
    case "hidden":
      return state.phase === "idle" ? state : to("paused");
    case "shown":
      return state.phase === "paused" ? to("connecting") : state;
  }
}

const behindOf = (position: number | null, head: number): number => Math.max(0, head - (position ?? head));

/** How many events are still to come until the tab is up to date. */
export function behind(state: LiveState): number {
  return state.phase === "catching-up" ? behindOf(state.position, state.head ?? 0) : 0;
}
