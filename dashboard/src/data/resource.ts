/** Data of one address, kept fresh: by events where a topic carries them, by polling where not. */
import { useCallback, useEffect, useReducer, useRef, useSyncExternalStore } from "react";
import { ApiError, get, refused } from "./client.ts";
import { onTopic, streamGeneration, streamState, watchStream, type Topic } from "./stream.ts";

export interface Resource<T> {
  data?: T;
  error?: ApiError;
  loading: boolean; // nothing to show yet
  stale: boolean; // what is shown could not be renewed
  reload: () => Promise<void>; // resolves when an answer asked for after the call is here
}

export interface Options<T> {
  every: number; // poll interval in milliseconds
  topic?: Topic;
  apply?: (data: T, event: unknown) => T; // absent: an event reloads
  accept?: number[];
}

interface State<T> {
  path: string | null;
  data?: T;
  error?: ApiError;
}

type Action<T> =
  | { kind: "data"; path: string | null; data: T }
  | { kind: "error"; path: string | null; error: ApiError }
  | { kind: "event"; apply: (data: T) => T };

/** Data belongs to its path: an answer for another one is never shown under this one. */
export function reduce<T>(state: State<T>, action: Action<T>): State<T> {
  if (action.kind === "data") return { path: action.path, data: action.data };
  if (action.kind === "event") return state.data === undefined ? state : { ...state, data: action.apply(state.data) };
  const kept = state.path === action.path ? state.data : undefined;
  return { path: action.path, data: kept, error: action.error };
}

const LIVE_FACTOR = 6; // events bring the news; polling only makes sure
const EVENT_PAUSE = 3000; // an event without data reloads at most this often

/** How long to wait before asking again after `failures` in a row. */
export function pause(every: number, failures: number, retryAfter: number | null, live: boolean): number {
  if (failures === 0) return live ? every * LIVE_FACTOR : every;
  return Math.max((retryAfter ?? 0) * 1000, Math.min(every * 2 ** (failures - 1), 120_000));
}

export function useResource<T>(path: string | null, options: Options<T>): Resource<T> {
  const [state, dispatch] = useReducer(reduce<T>, { path });
  const stream = useSyncExternalStore(watchStream, streamState);
  const latest = useRef(options);
  latest.current = options;
  const run = useRef<() => Promise<void>>(() => Promise.resolve());
  const { topic, every } = options;
  const live = useRef(false);
  live.current = stream === "live" && topic !== undefined;
  const generation = useSyncExternalStore(watchStream, streamGeneration);

  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let failures = 0;
    let running: Promise<void> | undefined;

    function load(): Promise<void> {
      running ??= ask().finally(() => (running = undefined));
      return running;
    }
    async function ask(): Promise<void> {
      clearTimeout(timer);
      let retryAfter: number | null = null;
      try {
        const data = await get<T>(path!, { signal: stop.signal, accept: latest.current.accept });
        failures = 0;
        if (!stop.signal.aborted) dispatch({ kind: "data", path, data });
      } catch (error) {
        if (stop.signal.aborted) return;
        failures += 1;
        const known = error instanceof ApiError ? error : new ApiError("Something went wrong on this page.", 0);
        retryAfter = known.retryAfter;
        dispatch({ kind: "error", path, error: known });
        if (known.status === 401) refused(path!);
      }
      if (!stop.signal.aborted && !document.hidden) schedule(retryAfter);
    }
    function schedule(retryAfter: number | null): void {
      timer = setTimeout(() => void load(), pause(every, failures, retryAfter, live.current));
    }
    function seen(): void {
      if (!document.hidden) void load();
    }

    // An answer under way may be older than what the caller has just done.
    run.current = () => (running ? running.then(load) : load());
    document.addEventListener("visibilitychange", seen);
    void load();
    return () => {
      stop.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [path, every, generation]);

  // The stream broke: do not wait for the slow poll that stood behind it.
  useEffect(() => {
    if (stream === "polling") void run.current();
  }, [stream]);

  useEffect(() => {
    if (!topic || path === null) return;
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const off = onTopic(topic, (event) => {
      const { apply } = latest.current;
      if (apply) dispatch({ kind: "event", apply: (data) => apply(data, event) });
      else waiting ??= setTimeout(() => ((waiting = undefined), void run.current()), EVENT_PAUSE);
    });
    return () => {
      off();
      clearTimeout(waiting);
    };
  }, [topic, path]);

  const reload = useCallback(() => run.current(), []);
  const mine = state.path === path ? state : { path };
  return {
    data: mine.data,
    error: mine.error,
    loading: path !== null && mine.data === undefined && !mine.error,
    stale: mine.data !== undefined && mine.error !== undefined,
    reload,
  };
}
