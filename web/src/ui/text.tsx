import { Link } from "@tanstack/react-router";
import { useEffect } from "react";

import { createStore, useStore } from "@/api/store";

import { CopyButton, Tooltip } from "./Button";

const clock = createStore(Date.now());
let watchers = 0;
let ticking: ReturnType<typeof setInterval> | undefined;

/** The time, to the ten seconds; one timer for the whole page. */
export function useNow(): number {
  useEffect(() => {
    watchers += 1;
    clock.set(Date.now());
    ticking ??= setInterval(() => clock.set(Date.now()), 10_000);
    return () => {
      watchers -= 1;
      if (watchers === 0) {
        clearInterval(ticking);
        ticking = undefined;
      }
    };
  }, []);
  return useStore(clock);
}

const STEPS: [number, string][] = [[86_400_000, "d"], [3_600_000, "h"], [60_000, "min"], [1_000, "s"]];

/** A length of time, in one unit: `42 s`, `3 h`. */
export function lasting(milliseconds: number): string {
  const [size, unit] = STEPS.find(([size]) => milliseconds >= size) ?? [1_000, "s"];
  return `${Math.floor(Math.max(0, milliseconds) / size)} ${unit}`;
}

/** When, as how long ago or how long until; the whole time when pointed at. */
export function Time({ at, prefix = "" }: { at: string | number | null | undefined; prefix?: string }) {
  const now = useNow();
  if (at === null || at === undefined) return <span className="text-muted">—</span>;
  const when = new Date(at);
  const away = when.getTime() - now;
  const text = away > 5_000 ? `in ${lasting(away)}` : away > -5_000 ? "just now" : `${lasting(-away)} ago`;
  return (
    <Tooltip words={when.toLocaleString()}>
      <time dateTime={when.toISOString()} className="whitespace-nowrap">{prefix}{text}</time>
    </Tooltip>
  );
}

/** How long something took, or has taken until now. */
export function Duration({ from, to }: { from: string | null | undefined; to: string | null | undefined }) {
  const now = useNow();
  if (!from) return <span className="text-muted">—</span>;
  const taken = (to ? new Date(to).getTime() : now) - new Date(from).getTime();
  const seconds = Math.max(0, Math.round(taken / 1_000));
  return <span className="whitespace-nowrap">{seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`}</span>;
}

/** A hash or digest, short, to copy whole. */
export function Hash({ value, length = 8 }: { value: string; length?: number }) {
  const [kind, rest] = value.includes(":") ? value.split(":", 2) : [null, value];
  return (
    <span className="inline-flex items-center whitespace-nowrap font-mono text-xs">
      <Tooltip words={<span className="break-all font-mono">{value}</span>}>
        <span>{kind ? `${kind}:` : ""}{(rest ?? "").slice(0, length)}</span>
      </Tooltip>
      <CopyButton text={value} label={value} />
    </span>
  );
}

export function Actor({ actor }: { actor: { id: string; kind?: string } | string | null | undefined }) {
  if (!actor) return <span className="text-muted">—</span>;
  const id = typeof actor === "string" ? actor : actor.id;
  const kind = typeof actor === "string" ? null : actor.kind;
  return <span className="whitespace-nowrap">{id}{kind && kind !== "USER" ? <span className="text-muted"> ({kind.toLowerCase()})</span> : null}</span>;
}

/** The path of the view that shows an object, by its kind; the lineage explorer where there is no view of its own. */
export function pathOf(kind: string, id: string): string {
  return `${VIEWS[kind] ?? "/lineage"}/${id}`;
}

const VIEWS: Record<string, string> = {
  Commit: "/change", PullRequest: "/pull-request", PipelineRun: "/run", ReleasePlan: "/release", Release: "/release",
  Environment: "/environment", Repository: "/repository",
};

const PREFIXES: Record<string, string> = {
  commit: "Commit", pr: "PullRequest", run: "PipelineRun", release: "ReleasePlan", env: "Environment", repo: "Repository",
};

/** The kind of an object by its id, where its view depends on it. */
export const kindOfId = (id: string): string => PREFIXES[id.split("_", 1)[0] ?? ""] ?? "Object";

export function ObjectLink({ kind, id, children }: { kind?: string | undefined; id: string; children?: React.ReactNode }) {
  return <Link to={pathOf(kind ?? kindOfId(id), id)} className="text-accent hover:underline">{children ?? id}</Link>;
}
