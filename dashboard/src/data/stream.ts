/** One event stream for the whole page. EventSource reconnects by itself and sends Last-Event-ID. */

export type Topic = "prices" | "signals" | "news" | "health";
export type StreamState = "connecting" | "live" | "polling";

type Handler = (payload: unknown) => void;

const TOPICS: Topic[] = ["prices", "signals", "news", "health"];
const URL_OF_STREAM = `/api/v1/stream?topics=${TOPICS.join(",")}`;
const LONGEST_WAIT = 60_000;

const handlers = new Map<Topic, Set<Handler>>(TOPICS.map((topic) => [topic, new Set()]));
const watchers = new Set<() => void>();
let state: StreamState = "connecting";
let source: EventSource | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;
let wait = 2000;
let opened = false;
/** How often the stream was opened again: what came in between may be missed, so resources load again. */
let generation = 0;

export const streamState = (): StreamState => state;
export const streamGeneration = (): number => generation;

export function watchStream(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

export function onTopic(topic: Topic, handler: Handler): () => void {
  handlers.get(topic)?.add(handler);
  return () => handlers.get(topic)?.delete(handler);
}

function become(next: StreamState): void {
  if (next === state) return;
  state = next;
  for (const watcher of watchers) watcher();
}

/** Open the stream; returns the function that closes it. */
export function openStream(): () => void {
  connect();
  return () => {
    clearTimeout(retry);
    source?.close();
    source = undefined;
    opened = false;
    become("connecting");
  };
}

function connect(): void {
  source = new EventSource(URL_OF_STREAM);
  source.onopen = () => {
    wait = 2000;
    if (opened) generation += 1;
    opened = true;
    become("live");
  };
  source.onerror = () => {
    become("polling");
    // CLOSED means that the server refused (an HTTP error): EventSource gives up then, we do not.
    if (source?.readyState !== EventSource.CLOSED) return;
    retry = setTimeout(connect, wait);
    wait = Math.min(wait * 2, LONGEST_WAIT);
  };
  for (const topic of TOPICS) source.addEventListener(topic, (event) => deliver(topic, event.data));
}

function deliver(topic: Topic, data: unknown): void {
  let payload: unknown;
  try {
    payload = JSON.parse(String(data));
  } catch {
    return; // one broken event is not worth the stream
  }
  for (const handler of handlers.get(topic) ?? []) handler(payload);
}
