import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { useCallback, useEffect, useRef, useState } from "react";

import type { AnyVariables } from "@urql/core";

import type { EventType } from "@/gql/events";

import { client } from "./client";
import { type Trouble, troubleOf } from "./errors";
import { type LiveEvent, begin, beginAt, live, onEvent, onReload } from "./live";
import { useSession } from "./session";

/** Which events make a view out of date. */
export interface Concerns {
  /** Event types; all when absent. */
  types?: readonly EventType[];
  projectId?: string | undefined;
  moduleId?: string | undefined;
  /** Objects that the event, or its subject, is one of. */
  ids?: readonly string[];
}

export interface ViewOptions<Data> {
  /** Any of them makes the view out of date. Absent: it is never loaded again by events. */
  live?: Concerns | readonly Concerns[];
  /** The place in the ledger at which the answer stands, where it says so: the stream begins there. */
  sequence?: (data: Data) => number | undefined;
  /** Do not ask yet. */
  pause?: boolean;
}

export interface View<Data> {
  data: Data | undefined;
  /** Nothing to show yet. */
  loading: boolean;
  /** What is shown is being loaded again. */
  refreshing: boolean;
  error: Trouble | undefined;
  refresh: () => void;
}

/** Views are loaded again at most this often, in milliseconds. */
const COALESCE = 500;

export function concerns(event: LiveEvent, wanted: Concerns): boolean {
  if (wanted.types && !wanted.types.some((type) => type === event.eventType)) return false;
  if (wanted.projectId && event.projectId !== wanted.projectId) return false;
  if (wanted.moduleId && event.moduleId && event.moduleId !== wanted.moduleId) return false;
  if (!wanted.ids) return true;
  return wanted.ids.includes(event.event.subject.id) || (!!event.node && wanted.ids.includes(event.node.id));
}

/**
 * What a query answers, kept up to date: it is asked again when an event concerns it, and after a gap. The answer
 * before stays on the screen meanwhile, also when the server does not answer.
 */
export function useView<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  options: ViewOptions<Data> = {},
): View<Data> {
  const { token } = useSession();
  const key = JSON.stringify(variables);
  const [state, setState] = useState<{ key: string; data?: Data; error?: Trouble; busy: boolean }>({ key, busy: true });
  const latest = useRef({ variables, options });
  latest.current = { variables, options };
  const asked = useRef(0);

  const ask = useCallback(
    async (policy: "cache-first" | "network-only"): Promise<void> => {
      const { variables, options } = latest.current;
      const number = ++asked.current;
      setState((old) => ({ ...old, busy: true }));
      if (options.live && !options.sequence) await begin();
      const answer = await client.query(document, variables, { requestPolicy: policy }).toPromise();
      if (number !== asked.current) return;
      const place = answer.data && options.sequence?.(answer.data);
      if (place !== undefined && !beginAt(place)) return ask("network-only");
      setState((old) => ({
        key,
        data: answer.data ?? (old.key === key ? old.data : undefined),
        error: answer.error ? troubleOf(answer.error) : undefined,
        busy: false,
      }));
    },
    [document, key],
  );

  const paused = options.pause ?? false;
  useEffect(() => {
    if (!paused && token) void ask("network-only");
  }, [ask, paused, token]);

  const following = options.live !== undefined && !paused;
  useEffect(() => {
    if (!following) return;
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const later = () => {
      waiting ??= setTimeout(() => {
        waiting = undefined;
        void ask("network-only");
      }, COALESCE);
    };
    const stops = [
      onEvent((event) => {
        const wanted = latest.current.options.live;
        if (wanted && [wanted].flat().some((one) => concerns(event, one))) later();
      }),
      onReload(later),
      // A refused or unanswered question is asked again when the stream is back.
      live.subscribe(() => {
        if (live.get().phase === "live" && failed.current) later();
      }),
    ];
    return () => {
      clearTimeout(waiting);
      for (const stop of stops) stop();
    };
  }, [ask, following]);

  const current = state.key === key ? state : { key, busy: true };
  const failed = useRef(false);
  failed.current = current.error !== undefined;
  return {
    data: current.data,
    loading: current.busy && current.data === undefined && !paused,
    refreshing: current.busy && current.data !== undefined,
    error: current.error,
    refresh: useCallback(() => void ask("network-only"), [ask]),
  };
}

/** Calls `handler` for every event that concerns the caller. */
export function useEvents(handler: (event: LiveEvent) => void, wanted: Concerns = {}): void {
  const latest = useRef({ handler, wanted });
  latest.current = { handler, wanted };
  useEffect(
    () =>
      onEvent((event) => {
        if (concerns(event, latest.current.wanted)) latest.current.handler(event);
      }),
    [],
  );
}
