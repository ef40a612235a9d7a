import { Link, Navigate, getRouteApi } from "@tanstack/react-router";
import { useRef } from "react";

import { useView } from "@/api";
import { ChangePageDocument } from "@/gql/graphql";
import { ChainStrip, Empty, Hash, Loaded, PageHeader, Panel, Reach, StateMark, Time } from "@/ui";

import { type Change, stepsOf } from "./steps";

const route = getRouteApi("/change/$id");

function Content({ change }: { change: Change }) {
  const steps = stepsOf(change);
  const landed = change.reach?.filter((one) => one.state === "LANDED" || one.state === "LANDED_AS") ?? [];
  const strip = [...steps.map((step) => ({ name: step.name, state: step.entries[0]?.state })), ...(change.reach ?? []).map((one) => ({ name: one.environmentName, state: one.state }))];
  const [title, ...more] = change.message.split("\n");
  return (
    <div className="space-y-3">
      <PageHeader
        title={title}
        facts={<>{change.sha ? <Hash value={change.sha} /> : null}<span>{change.authorName} <Time at={change.committedAt} /> on {change.branchName}{change.repository ? <> of <Link to="/repository/$id" params={{ id: change.repository.id }} className="hover:underline">{change.repository.name}</Link></> : null}</span></>}
        actions={<Link to="/lineage/$id" params={{ id: change.id }} className="text-accent hover:underline">Lineage</Link>}
      />
      <ChainStrip steps={strip} />
      <p className="text-muted">{landed.length > 0 ? `It runs in ${landed.map((one) => one.environmentName).join(", ")}.` : "It runs nowhere yet."}</p>
      {more.join("\n").trim() ? <p className="whitespace-pre-wrap">{more.join("\n").trim()}</p> : null}
      <Panel title="What became of it" flush>
        <table className="w-full text-left">
          <caption className="sr-only">The steps of the chain, with the state and time of each</caption>
          <thead><tr className="text-xs text-muted"><th scope="col" className="px-3 py-1.5 font-medium">Step</th><th scope="col" className="px-3 font-medium">What</th><th scope="col" className="px-3 font-medium">State</th><th scope="col" className="px-3 font-medium">When</th></tr></thead>
          <tbody>
            {steps.flatMap((step) => (step.entries.length === 0
              ? [<tr key={step.name} className="border-t border-line text-muted"><th scope="row" className="px-3 py-1.5 font-medium">{step.name}</th><td className="px-3" colSpan={3}>Not reached: {step.waits}</td></tr>]
              : step.entries.map((entry, index) => (
                  <tr key={entry.key} className={index === 0 ? "border-t border-line" : ""}>
                    <th scope="row" className="px-3 py-1.5 font-medium">{index === 0 ? step.name : <span className="sr-only">{step.name}</span>}</th>
                    <td className="px-3">{entry.what}</td><td className="px-3"><StateMark state={entry.state} /></td><td className="px-3 text-muted"><Time at={entry.at} /></td>
                  </tr>
                ))))}
          </tbody>
        </table>
      </Panel>
      <Panel title="How far it has got" flush><Reach reach={change.reach} /></Panel>
    </div>
  );
}

function CommitView({ id }: { id: string }) {
  const project = useRef<string>(undefined);
  const view = useView(ChangePageDocument, { id }, { live: { projectId: project.current } });
  project.current = view.data?.commit?.projectId;
  return <Loaded view={view} rows={8}>{(data) => (data.commit ? <Content change={data.commit} /> : <Empty title="There is no such change, or you may not see it" />)}</Loaded>;
}

/** A change is a commit, or a pull request, which has a page of its own. */
export default function ChangeView() {
  const { id } = route.useParams();
  return id.startsWith("pr_") ? <Navigate to="/pull-request/$id" params={{ id }} replace /> : <CommitView id={id} />;
}
