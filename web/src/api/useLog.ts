import { print } from "graphql";
import { useEffect, useMemo } from "react";

import { WatchRunLogDocument, type WatchRunLogSubscription } from "@/gql/graphql";

import { openSocket } from "./client";
import { useSession } from "./session";
import { type Store, createStore } from "./store";

export type LogLine = WatchRunLogSubscription["pipelineRunLog"]["lines"][number];

export interface Log {
  lines: readonly LogLine[];
  /** The run has ended and every line is here. */
  complete: boolean;
  connected: boolean;
  /** Why there is no log, in words. */
  refused: string | null;
}

const EMPTY: Log = { lines: [], complete: false, connected: false, refused: null };

/** Lines are shown at most this often, in milliseconds: what else the page does needs its time too. */
const PAUSE = 100;
const later = (work: () => void): number => window.setTimeout(() => requestAnimationFrame(work), PAUSE);

/** Collects lines outside React, and shows them together however many come. */
export class LogStore {
  readonly store: Store<Log> = createStore<Log>(EMPTY);
  private waiting: LogLine[] = [];
  private complete = false;
  private frame = 0;
  constructor(private readonly schedule: (work: () => void) => number = later) {}

  /** The number of the line that comes next. */
  get nextLine(): number {
    const last = this.waiting.at(-1) ?? this.store.get().lines.at(-1);
    return (last?.number ?? 0) + 1;
  }

  take(lines: readonly LogLine[], complete: boolean): void {
    const from = this.nextLine;
    this.waiting.push(...lines.filter((line) => line.number >= from));
    this.complete ||= complete;
    if (this.frame) return;
    this.frame = this.schedule(() => this.show());
  }

  tell(change: Partial<Log>): void {
    this.store.set({ ...this.store.get(), ...change });
  }

  private show(): void {
    this.frame = 0;
    const lines = this.waiting.length ? [...this.store.get().lines, ...this.waiting] : this.store.get().lines;
    this.waiting = [];
    this.tell({ lines, complete: this.complete });
  }
}

/**
 * A run's log from its beginning, followed to its end; it goes on where it was after any interruption, also after a
 * new sign-in of the same person.
 */
export function useLog(runId: string | undefined): LogStore | null {
  const { token, actor, tenant } = useSession();
  // Somebody else gets a log of their own, for they may see less.
  const own = useMemo(() => ({ of: [runId, actor, tenant], log: new LogStore() }).log, [runId, actor, tenant]);
  useEffect(() => {
    if (!runId || !token || own.store.get().complete) return;
    own.tell({ refused: null });
    const variables = { id: runId, fromLine: own.nextLine };
    let left = false;
    // The end of a socket that was left comes after the next one has begun.
    const connected = (now: boolean) => !left && own.tell({ connected: now });
    const socket = openSocket({ connected: () => connected(true), closed: () => connected(false) });
    const request = { query: print(WatchRunLogDocument), operationName: "WatchRunLog", variables };
    const stop = socket.subscribe<WatchRunLogSubscription>(request, {
      next: ({ data, errors }) => {
        if (errors?.[0]) own.tell({ refused: errors[0].message });
        if (!data) return;
        own.take(data.pipelineRunLog.lines, data.pipelineRunLog.isComplete);
        variables.fromLine = own.nextLine;
      },
      error: (error) => own.tell({ refused: wordsOf(error) }),
      complete: () => undefined,
    });
    return () => {
      left = true;
      stop();
      void socket.dispose();
    };
  }, [runId, token, own]);
  return runId ? own : null;
}

function wordsOf(error: unknown): string {
  const first: unknown = Array.isArray(error) ? error[0] : error;
  return first instanceof Error || (typeof first === "object" && first !== null && "message" in first)
    ? String(first.message)
    : "the log ended without a reason";
}
