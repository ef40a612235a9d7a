import { Link, getRouteApi } from "@tanstack/react-router";

import { useView } from "@/api";
import { useProjectOf } from "@/app/project";
import { ProjectEnvironmentBoardDocument, type ProjectEnvironmentBoardQuery } from "@/gql/graphql";
import { Chip, Empty, Loaded, PageHeader, StateMark, Time, ToneMark } from "@/ui";

const route = getRouteApi("/environments");
type Place = ProjectEnvironmentBoardQuery["environments"]["nodes"][number];

/** Environments in columns: each behind those that it follows. */
export function columnsOf(places: readonly Place[]): readonly (readonly Place[])[] {
  const byName = new Map(places.map((place) => [place.name, place]));
  const depths = new Map<string, number>();
  const depthOf = (place: Place, way: readonly string[] = []): number => {
    const known = depths.get(place.name);
    if (known !== undefined) return known;
    const before = place.upstream.map((name) => byName.get(name)).filter((one) => one !== undefined && !way.includes(one.name));
    const depth = before.length === 0 ? 0 : 1 + Math.max(...before.map((one) => (one ? depthOf(one, [...way, place.name]) : 0)));
    depths.set(place.name, depth);
    return depth;
  };
  const columns: Place[][] = [];
  for (const place of places) (columns[depthOf(place)] ??= []).push(place);
  return columns.filter((column) => column !== undefined);
}

function Card({ place }: { place: Place }) {
  const syncs = new Map(place.syncs.nodes.map((sync) => [sync.module, sync]));
  return (
    <article className="rounded border border-line bg-panel">
      <header className="flex flex-wrap items-center gap-2 border-b border-line px-3 py-1.5">
        <h2 className="font-semibold"><Link to="/environment/$id" params={{ id: place.id }} className="hover:underline">{place.name}</Link></h2>
        {place.autoPromote ? <Chip>promotes by itself</Chip> : null}
        {place.freeze ? <ToneMark tone="warn">Freeze</ToneMark> : null}
        {place.holds.length > 0 ? <ToneMark tone="warn">{place.holds.some((hold) => !hold.module) ? "Hold" : `${place.holds.length} held`}</ToneMark> : null}
        {place.retired ? <Chip>retired</Chip> : null}
      </header>
      <ul>
        {place.running.map((running) => {
          const sync = syncs.get(running.module);
          return (
            <li key={running.module} className="flex flex-wrap items-center gap-x-2 border-b border-line px-3 py-1.5 last:border-b-0">
              <span className="min-w-24 font-medium">{running.module}</span>
              {running.release ? <Link to="/release/$id" params={{ id: running.release.id }} className="text-accent hover:underline">{running.release.version}</Link> : null}
              {sync ? (sync.driftTotal > 0 ? <ToneMark tone="warn">Drifted ({sync.driftTotal})</ToneMark> : sync.health ? <StateMark state={sync.health} /> : <ToneMark tone="unknown">Unknown</ToneMark>) : <ToneMark tone="unknown">Unknown</ToneMark>}
              <span className="ml-auto text-xs text-muted"><Time at={running.since} /></span>
            </li>
          );
        })}
      </ul>
      {place.running.length === 0 ? <p className="px-3 py-2 text-muted">Nothing runs here yet.</p> : null}
    </article>
  );
}

export default function EnvironmentsView() {
  const { project: given } = route.useSearch();
  const project = useProjectOf(given);
  const view = useView(ProjectEnvironmentBoardDocument, { projectId: project ?? "" }, { live: { projectId: project ?? undefined }, pause: project === null });
  if (project === null) return <Empty title="There is no project yet" />;
  return (
    <>
      <PageHeader title={`Environments of ${project}`} facts={<span>from left to right in the order of promotion</span>} />
      <Loaded view={view} rows={8}>
        {(data) => (data.environments.nodes.length === 0 ? <Empty title="There are no environments yet" /> : (
          <div className="flex gap-3 overflow-x-auto pb-2" tabIndex={0} role="region" aria-label="Environments">
            {columnsOf(data.environments.nodes).map((column) => <div key={column[0]?.name} className="min-w-72 flex-1 space-y-3">{column.map((place) => <Card key={place.id} place={place} />)}</div>)}
          </div>
        ))}
      </Loaded>
    </>
  );
}
