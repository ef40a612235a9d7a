import { Link } from "@tanstack/react-router";

import { useView } from "@/api";
import { type RunArtifactsQuery, RunArtifactsDocument } from "@/gql/graphql";
import { type Column, Empty, Facts, Hash, Loaded, ObjectLink, Panel, StateMark, Table, Time, ToneMark } from "@/ui";

type Data = NonNullable<RunArtifactsQuery["pipelineRun"]>;
type Build = NonNullable<Data["build"]>;
type Release = Build["releases"][number];
type File = Data["artifacts"][number];

const EVENTS = ["BuildCompleted", "PackagePublished", "PackagePublicationFailed", "ContainerImageBuilt", "ContainerImageFailed", "ReleasePlanned", "PromotionSucceeded"] as const;

export const sizeOf = (bytes: number): string => (bytes < 1_000 ? `${bytes} B` : bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`);

export interface Arrival {
  id: string;
  environmentId: string;
  name: string;
  at: string | null;
  /** Whether it is what runs there now; null when the environment may not be seen. */
  runs: boolean | null;
}

/** Where a release was brought to, each environment once, as it stands there now. */
export function arrivalsOf(release: Pick<Release, "promotions">): Arrival[] {
  const found = new Map<string, Arrival>();
  for (const { id, environmentId, environmentName, finishedAt, environment } of release.promotions.nodes) {
    const runs = environment ? environment.running.some((one) => one.promotion.id === id) : null;
    const before = found.get(environmentId);
    if (!before || (runs && !before.runs)) found.set(environmentId, { id, environmentId, name: environmentName, at: finishedAt ?? null, runs });
  }
  return [...found.values()];
}

function Arrived({ one }: { one: Arrival }) {
  const [tone, word] = one.runs === null ? (["unknown", "you may not see what runs there"] as const) : one.runs ? (["good", "runs there"] as const) : (["quiet", "was there, replaced since"] as const);
  return (
    <li className="flex items-center gap-2">
      <ObjectLink kind="Environment" id={one.environmentId}>{one.name}</ObjectLink>
      <ToneMark tone={tone}>{word}</ToneMark>
      <Time at={one.at} />
    </li>
  );
}

function Releases({ releases }: { releases: readonly Release[] }) {
  if (releases.length === 0) return <Empty title="It is in no release yet" />;
  return (
    <ul>
      {releases.map((release) => {
        const arrivals = arrivalsOf(release);
        return (
          <li key={release.id} className="border-b border-line px-3 py-1.5 last:border-b-0">
            <p className="flex items-center gap-2"><ObjectLink kind="ReleasePlan" id={release.id}>{release.name} {release.releaseVersion}</ObjectLink><StateMark state={release.status} /></p>
            {arrivals.length ? <ul className="pl-4">{arrivals.map((one) => <Arrived key={one.environmentId} one={one} />)}</ul> : <p className="pl-4 text-muted">Not in any environment yet.</p>}
          </li>
        );
      })}
    </ul>
  );
}

function Package({ one }: { one: NonNullable<Build["package"]> }) {
  return (
    <Panel title={`Package ${one.name} ${one.packageVersion}`} actions={<Link to="/lineage/$id" params={{ id: one.id }} className="text-accent hover:underline">Lineage</Link>}>
      <Facts items={[
        ["State", <StateMark key="s" state={one.status} />],
        ["Feed", one.feed],
        ["Digest", one.digest ? <Hash key="d" value={one.digest} length={16} /> : "—"],
        ...(one.reason ? [["Reason", one.reason] as const] : []),
        ...(one.installCommand ? [["Install", <code key="i" className="font-mono text-xs break-all">{one.installCommand}</code>] as const] : []),
      ]} />
    </Panel>
  );
}

function Image({ one }: { one: Build["images"][number] }) {
  return (
    <Panel title={`Image ${one.name}`} actions={<Link to="/lineage/$id" params={{ id: one.id }} className="text-accent hover:underline">Lineage</Link>}>
      <Facts items={[
        ["State", <StateMark key="s" state={one.status} />],
        ["Reference", one.reference ? <code key="r" className="font-mono text-xs break-all">{one.reference}</code> : "—"],
        ["Digest", one.digest ? <Hash key="d" value={one.digest} length={16} /> : "—"],
        ["Tags", one.tags.join(", ") || "—"],
        ["Size", sizeOf(one.size)],
        ["Built", <Time key="b" at={one.builtAt} />],
        ...(one.reason ? [["Reason", one.reason] as const] : []),
      ]} />
    </Panel>
  );
}

const COLUMNS: readonly Column<File>[] = [
  { id: "name", header: "Artifact", cell: (one) => one.name },
  { id: "path", header: "File", cell: (one) => <span className="font-mono text-xs break-all">{one.path}</span>, sort: (one) => one.path },
  { id: "digest", header: "Digest", cell: (one) => <Hash value={one.digest} /> },
  { id: "size", header: "Size", align: "right", cell: (one) => sizeOf(one.size), sort: (one) => one.size },
];

/** What the run published, and where it runs. */
export function Artifacts({ id, projectId }: { id: string; projectId: string }) {
  const view = useView(RunArtifactsDocument, { id }, { live: { projectId, types: EVENTS } });
  return (
    <Loaded view={view}>
      {({ pipelineRun }) => pipelineRun ? (
        <div className="space-y-3">
          {pipelineRun.build?.package ? <Package one={pipelineRun.build.package} /> : null}
          {pipelineRun.build?.images.map((one) => <Image key={one.id} one={one} />)}
          {pipelineRun.build ? <Panel title="Releases, and where they run" flush><Releases releases={pipelineRun.build.releases} /></Panel> : null}
          <Panel title="Files" flush>
            <Table caption="Files that the run published" columns={COLUMNS} rows={pipelineRun.artifacts} keyOf={(one) => one.key} empty={<Empty title="It published no files" />} />
          </Panel>
        </div>
      ) : <Empty title="There is no such run" />}
    </Loaded>
  );
}
