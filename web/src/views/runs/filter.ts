import type { PipelineRunFilter, RunOutcome, RunStatus } from "@/gql/graphql";

export const STATUSES = ["QUEUED", "RUNNING", "COMPLETED"] as const satisfies readonly RunStatus[];
export const OUTCOMES = ["SUCCEEDED", "FAILED", "ERRORED", "CANCELLED"] as const satisfies readonly RunOutcome[];

export interface Search {
  module?: string | undefined;
  status?: string | undefined;
  outcome?: string | undefined;
  branch?: string | undefined;
  after?: string | undefined;
  before?: string | undefined;
}

export interface Definition {
  id: string;
  repositoryId: string;
  module?: { id: string; name: string } | null;
  repository?: { name: string } | null;
}

/** The modules of definitions: a repository holds one, and has a definition for each way it was built. */
export function modulesOf(definitions: readonly Definition[]): { id: string; name: string; repositoryId: string }[] {
  const found = new Map<string, { id: string; name: string; repositoryId: string }>();
  for (const { repositoryId, module, repository } of definitions) {
    if (found.has(repositoryId)) continue;
    const id = module?.id ?? repository?.name ?? repositoryId;
    found.set(repositoryId, { id, name: module?.name ?? id, repositoryId });
  }
  return [...found.values()].sort((one, other) => one.name.localeCompare(other.name));
}

/** What the address asks for, as the server's filter; null while a module that it names is not known (yet). */
export function filterOf(projectId: string, search: Search, modules: readonly { id: string; name: string; repositoryId: string }[]): PipelineRunFilter | null {
  const status = STATUSES.find((one) => one === search.status);
  const outcome = OUTCOMES.find((one) => one === search.outcome);
  const module = search.module ? modules.find((one) => one.id === search.module || one.name === search.module || one.repositoryId === search.module) : undefined;
  if (search.module && !module) return null;
  return {
    projectId,
    ...(module ? { repositoryId: module.repositoryId } : {}),
    ...(status ? { status } : {}),
    ...(outcome ? { outcome } : {}),
    ...(search.branch ? { branch: search.branch } : {}),
  };
}

export const SIZE = 30;

/** The part of the list that the address asks for. */
export function pageOf(search: Search): { first: number; after?: string } | { last: number; before: string } {
  if (search.before) return { last: SIZE, before: search.before };
  return search.after ? { first: SIZE, after: search.after } : { first: SIZE };
}
