/**
 * Everything that views need of the server.
 *
 * - `useView(Document, variables, { live: { types, projectId, ids } })`: a query kept up to date by events.
 * - `useCommand(Document)`: `{ run, pending }`; `run` gives `{ ok: true, data }` or `{ ok: false, errors }`, in words.
 * - `useEvents(handler, concerns)`: every event of the tab's one stream, once and in order.
 * - `useLog(runId)`: the lines of a run, followed; read `.store` with `useStore`.
 * - `useViewer()`: who the caller is; `lacks(viewer, "devops.pipelines.run")` says why a button cannot be pressed.
 * - `useLive()`: where the stream stands; `useSession()`, `signIn`, `signOut`.
 */
export * from "./errors";
export * from "./session";
export * from "./store";
export { client } from "./client";
export { type LiveEvent, gapSeen, keepBegun, live, onEvent, onReload, useLive } from "./live";
export { type LiveState, behind } from "./machine";
export * from "./useCommand";
export * from "./useLog";
export * from "./useView";
export * from "./useViewer";
