import { Link } from "@tanstack/react-router";

import type { BlockerLike } from "@/api";

import { Blockers } from "./Blockers";
import { StateMark } from "./Mark";
import { Empty } from "./Panel";
import { type AnyState, wordOf } from "./state";
import { Hash, Time } from "./text";

/** How far a change has got in one environment. */
export interface Reached {
  environmentId: string;
  environmentName: string;
  module?: string | null;
  state: AnyState;
  since?: string | null;
  stage?: string | null;
  revertedBySha?: string | null;
  landing?: { how?: string | null; sha: string } | null;
  blockers: readonly BlockerLike[];
}

const HOW: Record<string, string> = { SQUASH: "squashed", REBASE: "rebased", CHERRY_PICK: "cherry-picked" };

/** Every environment with how far the change has got there, and what stands in its way. */
export function Reach({ reach }: { reach: readonly Reached[] | null | undefined }) {
  if (!reach || reach.length === 0) return <Empty title="It has reached no environment yet" />;
  return (
    <ol>
      {reach.map((one) => (
        <li key={`${one.environmentId} ${one.module ?? ""}`} className="flex flex-wrap items-baseline gap-x-3 gap-y-1 border-b border-line px-3 py-2 last:border-b-0">
          <Link to="/environment/$id" params={{ id: one.environmentId }} className="min-w-28 font-medium hover:underline">{one.environmentName}{one.module ? <span className="font-normal text-muted"> · {one.module}</span> : null}</Link>
          <StateMark state={one.state} label={one.landing?.how ? `Landed, ${HOW[one.landing.how] ?? wordOf(one.landing.how)}` : undefined} />
          {one.landing ? <span className="text-muted">as <Hash value={one.landing.sha} /></span> : null}
          {one.revertedBySha ? <span>reverted by <Hash value={one.revertedBySha} /></span> : null}
          {one.stage && one.state === "IN_FLIGHT" ? <span>at {wordOf(one.stage).toLowerCase()}</span> : null}
          {one.since ? <span className="text-muted"><Time at={one.since} /></span> : null}
          {one.blockers.length > 0 ? <div className="w-full"><Blockers blockers={one.blockers} /></div> : null}
        </li>
      ))}
    </ol>
  );
}
