import { useEffect } from "react";

import { CurrentViewerDocument, type CurrentViewerQuery } from "@/gql/graphql";

import { client } from "./client";
import { session, useSession } from "./session";
import { createStore, useStore } from "./store";

/** Who is signed in, as the server says: the rights are what it will go by. */
export type Viewer = CurrentViewerQuery["viewer"];

const known = createStore<{ token: string; viewer: Viewer } | null>(null);
let asking: string | null = null;

async function ask(token: string): Promise<void> {
  if (asking === token || known.get()?.token === token) return;
  asking = token;
  const answer = await client.query(CurrentViewerDocument, {}).toPromise();
  asking = null;
  if (answer.data && session.get().token === token) known.set({ token, viewer: answer.data.viewer });
}

/** The caller, asked for once in a session; null until the answer is there. */
export function useViewer(): Viewer | null {
  const { token } = useSession();
  const found = useStore(known);
  useEffect(() => {
    if (token) void ask(token);
  }, [token]);
  return found && found.token === token ? found.viewer : null;
}

/** Why the caller may not do what needs `scope`, as a button's `reason`; null when they may, or it is not known yet. */
export function lacks(viewer: Viewer | null, scope: string): string | null {
  return !viewer || viewer.scopes.includes(scope) ? null : `your token lacks the right ${scope}`;
}
