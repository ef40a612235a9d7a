import { createStore, useStore } from "@/api/store";

export type Theme = "system" | "light" | "dark";

const KEY = "sluice.theme";
const stored = window.localStorage.getItem(KEY);
const theme = createStore<Theme>(stored === "light" || stored === "dark" ? stored : "system");
const dark = window.matchMedia("(prefers-color-scheme: dark)");

export const useTheme = (): Theme => useStore(theme);

export function setTheme(next: Theme): void {
  window.localStorage.setItem(KEY, next);
  theme.set(next);
  applyTheme();
}

/** Puts the theme on the page, and follows the system's where nothing else was chosen. */
export function applyTheme(): void {
  const chosen = theme.get();
  const now = chosen === "system" ? (dark.matches ? "dark" : "light") : chosen;
  document.documentElement.dataset.theme = now;
}

dark.addEventListener("change", applyTheme);
