import { useNavigate } from "@tanstack/react-router";
import { Command } from "cmdk";
import { useEffect, useState } from "react";

import { createStore, useStore } from "@/api";
import { pathOf, kindOfId } from "@/ui";

import { useProjects } from "./Projects";
import { PLACES } from "./Shell";

/** Something that can be done where the user is. */
export interface Action {
  id: string;
  label: string;
  run: () => void;
  /** Why not now; it is shown, and does nothing. */
  reason?: string | null | undefined;
}

const open = createStore(false);
const actions = createStore<readonly Action[]>([]);

export const openPalette = (): void => open.set(true);

/** Puts a view's actions into the palette for as long as it is shown. */
export function useActions(own: readonly Action[]): void {
  useEffect(() => {
    actions.set([...actions.get(), ...own]);
    return () => actions.set(actions.get().filter((action) => !own.includes(action)));
  }, [own]);
}

const ID = /^[a-z]+_[0-7][0-9a-hjkmnp-tv-z]{25}$/;

const typing = (target: EventTarget | null): boolean => target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

function useKeys(go: (to: string) => void): void {
  useEffect(() => {
    let leader = 0;
    const listen = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        open.set(!open.get());
        return;
      }
      if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "?") open.set(true);
      const place = Date.now() - leader < 1_000 ? PLACES.find(({ key }) => key === event.key) : undefined;
      leader = event.key === "g" ? Date.now() : 0;
      if (place) go(place.to);
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [go]);
}

/** Everything that can be reached or done, by its name: Ctrl K. */
export function Palette() {
  const shown = useStore(open);
  const here = useStore(actions);
  const [text, setText] = useState("");
  const navigate = useNavigate();
  const { names } = useProjects();
  const [go] = useState(() => (to: string) => void navigate({ to }));
  useKeys(go);
  const close = (work: () => void) => () => {
    open.set(false);
    setText("");
    work();
  };
  const id = text.trim();
  const item = "flex items-center gap-2 rounded px-2 py-1.5 data-[selected=true]:bg-accent-soft aria-disabled:opacity-60";
  return (
    <Command.Dialog open={shown} onOpenChange={open.set} label="Search or go to" overlayClassName="fixed inset-0 z-40 bg-black/40" contentClassName="fixed left-1/2 top-[12vh] z-50 w-[min(34rem,94vw)] -translate-x-1/2 rounded-md border border-line-strong bg-panel p-2 shadow-lg">
      <Command.Input value={text} onValueChange={setText} placeholder="A view, a project, an action, or an object's id" className="mb-2 w-full rounded border border-line-strong bg-panel px-2 py-1.5" />
      <Command.List className="max-h-[50vh] overflow-y-auto">
        <Command.Empty className="px-2 py-3 text-muted">Nothing has this name.</Command.Empty>
        {ID.test(id) ? <Command.Item value={id} className={item} onSelect={close(() => go(pathOf(kindOfId(id), id)))}>Open {id}</Command.Item> : null}
        {here.length > 0 ? (
          <Command.Group heading="Here">
            {here.map((action) => (
              <Command.Item key={action.id} value={action.label} disabled={Boolean(action.reason)} className={item} onSelect={close(action.run)}>
                {action.label}{action.reason ? <span className="text-muted">{action.reason}</span> : null}
              </Command.Item>
            ))}
          </Command.Group>
        ) : null}
        <Command.Group heading="Go to">
          {PLACES.map((place) => (
            <Command.Item key={place.to} value={place.label} className={item} onSelect={close(() => go(place.to))}>{place.label}<kbd className="ml-auto text-2xs text-muted">g {place.key}</kbd></Command.Item>
          ))}
        </Command.Group>
        <Command.Group heading="Projects">
          {names.map((name) => (
            <Command.Item key={name} value={`project ${name}`} className={item} onSelect={close(() => void navigate({ to: "/", search: { project: name } }))}>{name}</Command.Item>
          ))}
        </Command.Group>
      </Command.List>
    </Command.Dialog>
  );
}
