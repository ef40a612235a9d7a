import type { BlockerLike } from "@/api";

import { ToneMark } from "./Mark";
import { wordOf } from "./state";
import { Time } from "./text";

/** Everything that stands in the way, as a list: code, words, until when, and whether it may be overridden. */
export function Blockers({ blockers }: { blockers: readonly BlockerLike[] }) {
  if (blockers.length === 0) return <ToneMark tone="good">Nothing stands in the way</ToneMark>;
  return (
    <ul className="space-y-1">
      {blockers.map((blocker, index) => (
        <li key={index} className="flex flex-wrap items-baseline gap-x-2">
          <ToneMark tone="warn">{wordOf(blocker.code)}</ToneMark>
          <span className="min-w-0">{blocker.message}</span>
          {blocker.until ? <span className="text-muted"><Time at={blocker.until} /></span> : null}
          {blocker.overridable ? <span className="text-xs text-muted">may be overridden</span> : null}
        </li>
      ))}
    </ul>
  );
}
