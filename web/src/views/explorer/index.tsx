import { useEffect, useState } from "react";

import { useSession } from "@/api";
import { CopyButton, Loading, PageHeader, Panel } from "@/ui";

const hasGraphiql = (settings: unknown): boolean => typeof settings === "object" && settings !== null && Reflect.get(settings, "graphiql") === true;

/** GraphiQL with the caller's token, where the server has it. */
export default function ExplorerView() {
  const { token } = useSession();
  const [offered, setOffered] = useState<boolean | null>(null);
  useEffect(() => {
    fetch("/dashboard.json").then((answer) => answer.json()).then((settings: unknown) => setOffered(hasGraphiql(settings)), () => setOffered(false));
  }, []);
  const command = `curl -s ${window.location.origin}/graphql -H "authorization: Bearer $SLUICE_TOKEN" -H 'content-type: application/json' -d '{"query":"{ viewer { tenant } }"}'`;
  return (
    <div className="space-y-3">
      <PageHeader title="API explorer" facts={<span>everything that you see here comes from this API</span>} />
      {offered === null ? <Loading /> : offered ? (
        <Panel title="GraphiQL"><a className="text-accent underline" href={`/graphiql#token=${encodeURIComponent(token ?? "")}`} target="_blank" rel="noreferrer">Open GraphiQL with your token</a> to read the schema, and to try queries and mutations.</Panel>
      ) : <Panel title="GraphiQL">This server has none: it runs in production.</Panel>}
      <Panel title="From a terminal" actions={<CopyButton text={command} label="the command" />}><pre tabIndex={0} className="overflow-x-auto font-mono text-xs">{command}</pre></Panel>
    </div>
  );
}
