import { Link, getRouteApi } from "@tanstack/react-router";

import { useView } from "@/api";
import { CompareEnvironmentsDocument, type CompareEnvironmentsQuery, CompareReleasesDocument } from "@/gql/graphql";
import { Empty, Hash, Loaded, ObjectLink, PageHeader, Panel, ToneMark } from "@/ui";

const route = getRouteApi("/compare");
type Module = CompareEnvironmentsQuery["comparison"]["modules"][number];
type Change = Module["onlyInFrom"][number];

function Changes({ title, changes, truncated }: { title: string; changes: readonly Change[]; truncated: boolean }) {
  return (
    <div>
      <h3 className="mb-1 text-muted">{title}</h3>
      {changes.length === 0 ? <p>Nothing.</p> : null}
      <ul className="space-y-0.5">
        {changes.map((change) => <li key={change.sha}><Hash value={change.sha} /> {change.subjectLine} <span className="text-muted">{change.author}</span>{change.pullRequestId ? <> <ObjectLink kind="PullRequest" id={change.pullRequestId}>#{change.pullRequestNumber}</ObjectLink></> : null}</li>)}
      </ul>
      {truncated ? <p className="text-warn">There are more than are shown.</p> : null}
    </div>
  );
}

interface Pair {
  name: string;
  from: string | null | undefined;
  to: string | null | undefined;
}

function Pairs({ title, pairs }: { title: string; pairs: readonly Pair[] }) {
  if (pairs.length === 0) return null;
  return (
    <table className="mt-3 w-full text-left">
      <caption className="pb-1 text-left text-muted">{title} that differ</caption>
      <thead className="text-xs text-muted"><tr><th scope="col" className="font-medium">Name</th><th scope="col" className="font-medium">From</th><th scope="col" className="font-medium">To</th></tr></thead>
      <tbody>{pairs.map((pair) => <tr key={pair.name} className="border-t border-line align-top"><th scope="row" className="py-1 pr-3 font-medium">{pair.name}</th><td className="break-all pr-3 font-mono text-xs">{pair.from ?? "—"}</td><td className="break-all font-mono text-xs">{pair.to ?? "—"}</td></tr>)}</tbody>
    </table>
  );
}

const items = (list: Module["packages"]): readonly Pair[] => list.map((one) => ({ name: one.name, from: one.fromReference, to: one.toReference }));
const keys = (list: Module["configuration"]): readonly Pair[] => list.map((one) => ({ name: one.key, from: one.from, to: one.to }));

function Side({ side }: { side: Module["from"] }) {
  return side ? <Link to="/release/$id" params={{ id: side.releaseId }} className="text-accent underline">{side.version}</Link> : <span className="text-muted">nothing</span>;
}

function ModuleView({ module }: { module: Module }) {
  const parts = [module.onlyInFrom, module.onlyInTo, module.packages, module.images, module.configuration, module.infrastructure];
  const equal = parts.every((part) => part.length === 0) && module.from?.version === module.to?.version;
  return (
    <Panel title={<>{module.module}: <Side side={module.from} /> and <Side side={module.to} /></>} actions={equal ? <ToneMark tone="good">The same</ToneMark> : <ToneMark tone="warn">They differ</ToneMark>}>
      {equal ? <p className="text-muted">Commits, packages, images, configuration and infrastructure are the same.</p> : (
        <>
          <div className="grid gap-3 lg:grid-cols-2">
            <Changes title="Only in the first" changes={module.onlyInFrom} truncated={module.truncated} />
            <Changes title="Only in the second" changes={module.onlyInTo} truncated={module.truncated} />
          </div>
          <Pairs title="Packages" pairs={items(module.packages)} />
          <Pairs title="Images" pairs={items(module.images)} />
          <Pairs title="Configuration keys" pairs={keys(module.configuration)} />
          <Pairs title="Infrastructure" pairs={keys(module.infrastructure)} />
        </>
      )}
    </Panel>
  );
}

export default function CompareView() {
  const { kind, from, to, module } = route.useSearch();
  const releases = kind === "release";
  const variables = { from: from ?? "", to: to ?? "", module };
  const missing = !from || !to;
  const ofPlaces = useView(CompareEnvironmentsDocument, variables, { live: {}, pause: missing || releases });
  const ofReleases = useView(CompareReleasesDocument, variables, { live: {}, pause: missing || !releases });
  if (missing) return <><PageHeader title="Compare" /><Empty title="Choose two cells on the delivery board">or give two environments or releases in the address.</Empty></>;
  return (
    <>
      <PageHeader title={releases ? "Two releases" : "Two environments"} facts={<><ObjectLink id={from}>the first</ObjectLink> and <ObjectLink id={to}>the second</ObjectLink></>} />
      <Loaded view={releases ? ofReleases : ofPlaces}>
        {(data) => (data.comparison.modules.length === 0 ? <Empty title="Nothing runs in either" /> : <div className="space-y-3">{data.comparison.modules.map((one) => <ModuleView key={one.module} module={one} />)}</div>)}
      </Loaded>
    </>
  );
}
