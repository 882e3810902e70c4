/** Dark or light: as the system says, until the reader chooses. */
import { useSyncExternalStore } from "react";

export type Choice = "system" | "light" | "dark";
export type Theme = "light" | "dark";

const KEY = "theme";
const CHOICES: Choice[] = ["system", "light", "dark"];
const system = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();
let choice = stored();

function stored(): Choice {
  try {
    const value = localStorage.getItem(KEY) as Choice;
    return CHOICES.includes(value) ? value : "system";
  } catch {
    return "system"; // storage is blocked: the choice lasts as long as the page
  }
}

const current = (): Theme => (choice === "system" ? (system.matches ? "dark" : "light") : choice);

function apply(): void {
  document.documentElement.dataset.theme = current();
  for (const listener of listeners) listener();
}

export function startTheme(): void {
  system.addEventListener("change", apply);
  apply();
}

export function choose(next: Choice): void {
  choice = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // see stored()
  }
  apply();
}

export const nextChoice = (of: Choice): Choice => CHOICES[(CHOICES.indexOf(of) + 1) % CHOICES.length] ?? "system";

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useTheme = (): Theme => useSyncExternalStore(subscribe, current);
export const useChoice = (): Choice => useSyncExternalStore(subscribe, () => choice);
