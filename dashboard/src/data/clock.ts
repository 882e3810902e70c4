/** The server's clock. A demo or a replay runs on its own time, so ages must not use the reader's. */
import { useSyncExternalStore } from "react";

let offset = 0;
let shown = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

export const serverNow = (): number => Date.now() + offset;

/** Set the clock: the server said what time it is. */
export function setClock(now: number): void {
  offset = now - Date.now();
  tick();
}

/** Something true at `at` has been seen, so it is not earlier than that (replays run fast). */
export function observe(at: number | null | undefined): void {
  if (at != null && at > serverNow()) setClock(at);
}

function tick(): void {
  shown = Math.floor(serverNow() / 1000) * 1000;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, 5000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The server's time, renewed every five seconds. */
export const useServerNow = (): number => useSyncExternalStore(subscribe, () => shown);
