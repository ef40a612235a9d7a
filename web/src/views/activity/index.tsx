import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";

import { type LiveEvent, useEvents, useView } from "@/api";
import { NewestEventsDocument, type NewestEventsQuery } from "@/gql/graphql";
import { Actor, Button, Empty, Loaded, ObjectLink, PageHeader, Panel, SearchField, Time } from "@/ui";

const route = getRouteApi("/activity");
type Entry = NewestEventsQuery["events"]["nodes"][number];

/** `PullRequestMerged` as people say it. */
export const sentence = (type: string): string => type.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase().replace(/^./, (letter) => letter.toUpperCase()).replace("Git ops", "GitOps");

const entryOf = (event: LiveEvent): Entry => ({
  __typename: "LedgerEvent", sequence: event.sequence, cursor: event.cursor, eventId: event.event.eventId, eventType: event.eventType, projectId: event.projectId, moduleId: event.moduleId,
  correlationId: event.correlationId, occurredAt: event.occurredAt, subject: event.event.subject, actor: event.actor, payload: event.event.payload,
} as Entry);

function Line({ entry }: { entry: Entry }) {
  return (
    <li className="border-b border-line last:border-b-0">
      <div className="flex flex-wrap items-center gap-x-3 px-3 py-1.5">
        <span className="w-20 text-muted"><Time at={entry.occurredAt} /></span>
        <span className="min-w-56 font-medium">{sentence(entry.eventType)}</span>
        <ObjectLink kind={entry.subject.kind} id={entry.subject.id} />
        <span className="text-muted">{entry.projectId}{entry.moduleId ? ` · ${entry.moduleId}` : ""}</span>
        <span className="ml-auto text-muted"><Actor actor={entry.actor} /> · {entry.sequence}</span>
      </div>
      <details className="px-3 pb-1 text-xs">
        <summary className="w-fit text-muted">Content<span className="sr-only"> of event {entry.sequence}</span></summary>
        <pre tabIndex={0} className="overflow-x-auto bg-page py-2 font-mono">{JSON.stringify(entry.payload, null, 2)}</pre>
      </details>
    </li>
  );
}

export default function ActivityView() {
  const search = route.useSearch();
  const navigate = useNavigate();
  const filter = useMemo(() => ({
    ...(search.type ? { types: search.type.split(",") } : {}), ...(search.actor ? { actors: [search.actor] } : {}),
    ...(search.subject ? { subjectIds: [search.subject] } : {}), ...(search.project ? { projectIds: [search.project] } : {}),
  }), [search.type, search.actor, search.subject, search.project]);
  const [after, setAfter] = useState<string | null>(null);
  const [older, setOlder] = useState<readonly Entry[]>([]);
  const [fresh, setFresh] = useState<readonly Entry[]>([]);
  const [waiting, setWaiting] = useState<readonly Entry[]>([]);
  const view = useView(NewestEventsDocument, { filter, first: 100, after }, { live: { types: [] } });
  useEffect(() => {
    setAfter(null);
    setOlder([]);
    setFresh([]);
    setWaiting([]);
  }, [filter]);
  useEvents((event) => {
    const entry = entryOf(event);
    const wanted = (!filter.types || filter.types.includes(entry.eventType)) && (!filter.actors || filter.actors.includes(entry.actor.id)) && (!filter.subjectIds || filter.subjectIds.includes(entry.subject.id)) && (!filter.projectIds || filter.projectIds.includes(entry.projectId));
    if (wanted) setWaiting((old) => [entry, ...old].slice(0, 1_000));
  });
  const go = (more: typeof search) => void navigate({ to: "/activity", replace: true, search: { ...search, ...more } });
  const show = () => {
    setFresh((old) => [...waiting, ...old]);
    setWaiting([]);
  };
  return (
    <>
      <PageHeader
        title="Activity"
        actions={
          <>
            <SearchField label="Event types, with commas" value={search.type ?? ""} onChange={(type) => go({ type: type || undefined })} />
            <SearchField label="Actor" value={search.actor ?? ""} onChange={(actor) => go({ actor: actor || undefined })} />
            <SearchField label="Object's id" value={search.subject ?? ""} onChange={(subject) => go({ subject: subject || undefined })} />
            <SearchField label="Project" value={search.project ?? ""} onChange={(project) => go({ project: project || undefined })} />
          </>
        }
      />
      <Panel title="What happened, the newest first" flush actions={waiting.length > 0 ? <Button kind="primary" onClick={show}>{waiting.length} new</Button> : null}>
        <Loaded view={view}>
          {(data) => {
            const known = new Set<number>();
            const all = [...fresh, ...older, ...data.events.nodes].filter((entry) => !known.has(entry.sequence) && known.add(entry.sequence));
            if (all.length === 0) return <Empty title="Nothing has happened that this would show" />;
            return (
              <>
                <ol>{all.map((entry) => <Line key={entry.eventId} entry={entry} />)}</ol>
                {data.events.pageInfo.hasNextPage ? <div className="p-2 text-center"><Button pending={view.refreshing} onClick={() => {
                  setOlder((old) => [...old, ...data.events.nodes]);
                  setAfter(data.events.pageInfo.endCursor ?? null);
                }}>Older</Button></div> : null}
              </>
            );
          }}
        </Loaded>
      </Panel>
    </>
  );
}
