import { useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";

import { useEvents, useView } from "@/api";
import { VisibleProjectsDocument } from "@/gql/graphql";
import { Select } from "@/ui";

import { chooseProject, useProject } from "./project";

const PROVISIONED = { types: ["RepositoryProvisioned"] } as const;

/** The projects with repositories that the caller may see; of very many the first two hundred repositories'. */
export function useProjects(): { names: readonly string[]; partial: boolean; loading: boolean } {
  const view = useView(VisibleProjectsDocument, { first: 200 });
  const names = useMemo(() => [...new Set(view.data?.repositories.nodes.map((node) => node.projectId))].sort(), [view.data]);
  useEvents((event) => {
    if (event.projectId && !names.includes(event.projectId)) view.refresh();
  }, PROVISIONED);
  return { names, partial: view.data?.repositories.pageInfo.hasNextPage ?? false, loading: view.loading };
}

export function Projects() {
  const { names, partial } = useProjects();
  const chosen = useProject();
  const navigate = useNavigate();
  const first = names[0];
  useEffect(() => {
    if (first && (!chosen || (!partial && !names.includes(chosen)))) chooseProject(first);
  }, [chosen, first, names, partial]);
  if (!first) return <span className="text-muted">No projects yet</span>;
  const value = chosen ?? first;
  const options = [...new Set([value, ...names])].sort().map((name) => ({ value: name, label: name }));
  return (
    <Select label="Project" value={value} options={options} onChange={(project) => {
      chooseProject(project);
      void navigate({ to: "/", search: { project } });
    }} />
  );
}
