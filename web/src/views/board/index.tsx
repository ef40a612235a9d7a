import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo, useRef } from "react";

import { useView } from "@/api";
import { useProjectOf } from "@/app/project";
import { DeliveryBoardDocument, type DeliveryBoardQuery } from "@/gql/graphql";
import { Button, Checkbox, Empty, Loaded, PageHeader, SearchField } from "@/ui";

import { Grid } from "./Grid";
import { type Board, type Place, inOrder, rowsOf, shown } from "./model";

const route = getRouteApi("/");
const sequence = (data: DeliveryBoardQuery) => data.deliveryBoard?.sequence;

function First({ project }: { project: string | null }) {
  return (
    <Empty title={project ? `Nothing was delivered in ${project} yet` : "Nothing was delivered yet"}>
      <p>Ship a first module, and watch it go live here:</p>
      <pre className="mx-auto mt-2 w-fit rounded border border-line bg-raised px-3 py-1 text-left font-mono text-xs text-ink">sluice ship ./my-module --project {project ?? "web"} --to prod</pre>
    </Empty>
  );
}

function Content({ board, project }: { board: Board; project: string }) {
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/" });
  const places = useMemo(() => inOrder(board.environments), [board.environments]);
  const all = useMemo(() => rowsOf(board, places), [board, places]);
  const rows = useMemo(() => shown(all, search.q ?? "", search.attention === "first"), [all, search.q, search.attention]);
  const picked = useMemo(() => new Set([search.from, search.to].filter((one) => one !== undefined)), [search.from, search.to]);
  const chosen = useRef(search);
  chosen.current = search;
  const onPick = useCallback((place: Place, module: string) => {
    const one = `${module}@${place.id}`;
    const { from, to } = chosen.current;
    const kept = [from, to].filter((other) => other !== undefined && other !== one);
    const now = from === one || to === one ? kept : [...kept, one].slice(-2);
    void navigate({ replace: true, search: (old) => ({ ...old, from: now[0], to: now[1] }) });
  }, [navigate]);
  const compare = () => {
    const [from, to] = [...picked].map((one) => one.split("@"));
    if (from && to) void navigate({ to: "/compare", search: { kind: "environment", from: from[1], to: to[1], module: from[0] === to[0] ? from[0] : undefined } });
  };
  const why = picked.size < 2 ? "choose two cells by their boxes first" : null;
  const attention = all.filter((row) => row.attention).length;
  return (
    <>
      <PageHeader
        title={`Delivery of ${project}`}
        facts={<span>{all.length} modules, {places.length} environments{attention ? `, ${attention} need attention` : ""}</span>}
        actions={
          <>
            <SearchField label="Filter modules" value={search.q ?? ""} onChange={(q) => void navigate({ replace: true, search: (old) => ({ ...old, q: q || undefined }) })} />
            <Checkbox label="Needs attention first" checked={search.attention === "first"} onChange={(on) => void navigate({ replace: true, search: (old) => ({ ...old, attention: on ? "first" : undefined }) })} />
            <Button reason={why} onClick={compare}>Compare</Button>
          </>
        }
      />
      {all.length === 0 ? <First project={project} /> : rows.length === 0 ? <Empty title="No module has this name" /> : <Grid project={project} places={places} rows={rows} picked={picked} onPick={onPick} />}
    </>
  );
}

export default function BoardView() {
  const { project: given } = route.useSearch();
  const project = useProjectOf(given);
  const view = useView(DeliveryBoardDocument, { projectId: project ?? "" }, { live: { projectId: project ?? undefined }, sequence, pause: project === null });
  if (project === null) return <><PageHeader title="Delivery board" /><First project={null} /></>;
  return (
    <Loaded view={view} rows={8}>
      {(data) => data.deliveryBoard ? <Content board={data.deliveryBoard} project={project} /> : <><PageHeader title={`Delivery of ${project}`} /><First project={project} /></>}
    </Loaded>
  );
}
