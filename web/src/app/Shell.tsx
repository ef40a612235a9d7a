import { Link, Outlet } from "@tanstack/react-router";

import { useEffect } from "react";

import { keepBegun, useSession } from "@/api";
import { Button, Toasts, TooltipProvider } from "@/ui";

import { Connection } from "./Connection";
import { Palette, openPalette } from "./Palette";
import { Projects } from "./Projects";
import { EndedDialog, SignIn, Viewer } from "./SignIn";
import { setTheme, useTheme } from "./theme";

/** The views, with the key that goes there after `g`. */
export const PLACES = [
  { to: "/", label: "Board", key: "b" },
  { to: "/runs", label: "Pipelines", key: "p" },
  { to: "/releases", label: "Releases", key: "r" },
  { to: "/environments", label: "Environments", key: "e" },
  { to: "/repositories", label: "Repositories", key: "c" },
  { to: "/lineage", label: "Lineage", key: "l" },
  { to: "/activity", label: "Activity", key: "a" },
  { to: "/insights", label: "Insights", key: "i" },
  { to: "/explorer", label: "API explorer", key: "x" },
] as const;

const NEXT = { system: "light", light: "dark", dark: "system" } as const;

export function Shell() {
  const { token } = useSession();
  const theme = useTheme();
  useEffect(keepBegun, []);
  if (!token) return <TooltipProvider><SignIn /></TooltipProvider>;
  return (
    <TooltipProvider>
      <a href="#main" className="sr-only focus:not-sr-only focus:absolute focus:left-2 focus:top-2 focus:z-50 focus:bg-panel focus:p-2">Skip to the content</a>
      <div className="grid min-h-screen grid-cols-1 grid-rows-[auto_1fr] md:grid-rows-1 md:grid-cols-[9.5rem_1fr]">
        <nav aria-label="Views" className="border-b border-line bg-panel px-2 py-2 md:border-b-0 md:border-r">
          <Link to="/" className="mb-2 block px-2 py-1 text-lg font-semibold">Sluice</Link>
          <ul className="flex flex-wrap md:block">
            {PLACES.map((place) => (
              <li key={place.to}>
                <Link to={place.to} activeOptions={{ exact: place.to === "/", includeSearch: false }} className="block rounded px-2 py-1 hover:bg-raised aria-[current=page]:bg-accent-soft aria-[current=page]:font-medium" activeProps={{ "aria-current": "page" }}>
                  {place.label}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <div className="min-w-0">
          <header className="flex min-h-10 flex-wrap items-center gap-3 border-b border-line bg-panel px-4 py-1">
            <Projects />
            <Connection />
            <div className="ml-auto flex items-center gap-1.5">
              <Button kind="bare" onClick={openPalette} aria-keyshortcuts="Control+K">Search or go to <kbd className="rounded border border-line px-1 text-2xs">Ctrl K</kbd></Button>
              <Button kind="bare" onClick={() => setTheme(NEXT[theme])} aria-label={`Theme: ${theme}. Change it`}>{theme === "dark" ? "☾" : theme === "light" ? "☀" : "◐"}</Button>
              <Viewer />
            </div>
          </header>
          <main id="main" tabIndex={-1} className="px-4 py-3 outline-none"><Outlet /></main>
        </div>
      </div>
      <Palette />
      <EndedDialog />
      <Toasts />
    </TooltipProvider>
  );
}
