import { useEffect } from "react";

import { createStore, useStore } from "@/api/store";

const KEY = "sluice.project";
const project = createStore<string | null>(window.localStorage.getItem(KEY));

/** The project that the user looked at last. */
export const useProject = (): string | null => useStore(project);
export const currentProject = (): string | null => project.get();

export function chooseProject(next: string): void {
  window.localStorage.setItem(KEY, next);
  project.set(next);
}

/** Remembers the project of the address, where it names one, and gives the one that counts. */
export function useProjectOf(given: string | undefined): string | null {
  const last = useProject();
  useEffect(() => {
    if (given) chooseProject(given);
  }, [given]);
  return given ?? last;
}
