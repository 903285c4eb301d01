// Light, dark, or as the system has it.
import { recall, remember } from "./memory";
import { Signal } from "./signal";

export type Theme = "auto" | "light" | "dark";

const kept = recall("theme");
export const theme = new Signal<Theme>(kept === "light" || kept === "dark" ? kept : "auto");

export function applyTheme(): void {
  const root = document.documentElement;
  if (theme.value === "auto") root.removeAttribute("data-theme");
  else root.dataset["theme"] = theme.value;
}

theme.watch(() => {
  remember("theme", theme.value);
  applyTheme();
});

/// Whether nothing shall move by itself.
export function prefersStillness(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
