/** The one way to the API. The session is a cookie, so nothing secret is held here. */

export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number, // 0: no answer at all
    readonly code = "",
    readonly retryAfter: number | null = null, // seconds
    readonly details: Record<string, unknown> = {},
  ) {
    super(message);
  }
}

export interface Ask {
  signal?: AbortSignal;
  /** Statuses besides 2xx whose body is an answer: health tells its state with 503. */
  accept?: number[];
}

const base = "/api/v1";

/** GET JSON. `no-cache` lets the browser ask with If-None-Match and serve a 304 from its own store. */
export async function get<T>(path: string, { signal, accept = [] }: Ask = {}): Promise<T> {
  const answer = await reach(path, { signal, cache: "no-cache", headers: { accept: "application/json" } });
  if (!answer.ok && !accept.includes(answer.status)) throw await problem(answer);
  return (await read(answer)) as T;
}

/** Change something; undefined where the answer carries nothing. */
export async function send<T = undefined>(method: "POST" | "PATCH" | "DELETE", path: string, body?: unknown, { signal }: Ask = {}): Promise<T> {
  const answer = await reach(path, {
    method,
    signal,
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!answer.ok) throw await problem(answer);
  return (answer.status === 204 ? undefined : await read(answer)) as T;
}

async function read(answer: Response): Promise<unknown> {
  try {
    return await answer.json();
  } catch {
    throw new ApiError("The server's answer could not be read.", answer.status);
  }
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(base + path, { credentials: "same-origin", redirect: "error", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError("The server cannot be reached.", 0);
  }
}

async function problem(answer: Response): Promise<ApiError> {
  const after = Number(answer.headers.get("retry-after"));
  let [detail, code] = ["", ""];
  let details: Record<string, unknown> = {};
  try {
    const body = (await answer.json()) as { detail?: unknown; title?: unknown; code?: unknown; details?: Record<string, unknown> };
    detail = String(body.detail ?? body.title ?? "");
    code = String(body.code ?? "");
    details = body.details ?? {};
  } catch {
    // not problem+json: a proxy in between answered
  }
  return new ApiError(detail || `The server answered ${answer.status}.`, answer.status, code, after > 0 ? after : null, details);
}

/** Fill a path with query parameters, leaving out what is not set. */
export function withQuery(path: string, query: Record<string, string | number | undefined>): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
  return text ? `${path}?${text}` : path;
}

type Watcher = (path: string) => void;
const watchers = new Set<Watcher>();

/** Be told when the server no longer knows the reader: the session ended. */
export function onRefused(watcher: Watcher): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

export function refused(path: string): void {
  for (const watcher of watchers) watcher(path);
}
