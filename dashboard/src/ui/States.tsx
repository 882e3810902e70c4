/** What a part of the page shows when it has nothing to show, and when what it shows is old. */
import { CloudOff, Inbox, RefreshCw, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import type { ApiError } from "../data/client.ts";
import type { Resource } from "../data/resource.ts";

export function Notice({ Icon, title, children }: { Icon: LucideIcon; title: string; children?: ReactNode }) {
  return (
    <div className="mx-auto flex max-w-md flex-col items-center gap-2 px-4 py-10 text-center text-muted">
      <Icon size={28} strokeWidth={1.5} aria-hidden />
      <p className="font-medium text-text">{title}</p>
      {children}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Notice Icon={Inbox} title={title}>
      {children}
    </Notice>
  );
}

export function ErrorNote({ error, retry }: { error: ApiError; retry: () => Promise<void> }) {
  return (
    <div role="alert">
      <Notice Icon={CloudOff} title={error.status === 401 ? "Your session has ended" : "This could not be loaded"}>
        <p>{error.message}</p>
        <button type="button" onClick={() => void retry()} className="mt-1 inline-flex items-center gap-1.5 rounded-lg border border-line-strong px-3 py-1.5 text-text hover:bg-raised">
          <RefreshCw size={14} aria-hidden /> Try again
        </button>
      </Notice>
    </div>
  );
}

export function Loading({ lines, label }: { lines: number; label: string }) {
  return (
    <div role="status" aria-label={label} className="flex flex-col gap-3 p-4">
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} className="h-4 animate-pulse rounded bg-raised even:w-4/5" />
      ))}
    </div>
  );
}

export function StaleNote({ resource }: { resource: Resource<unknown> }) {
  if (!resource.stale) return null;
  return (
    <p role="status" className="flex items-center gap-2 border-b border-line bg-warn-soft px-4 py-1.5 text-xs text-warn">
      <CloudOff size={14} aria-hidden /> Not renewed: {resource.error?.message} Trying again.
    </p>
  );
}

interface Props<T> {
  resource: Resource<T>;
  label: string;
  lines?: number;
  isEmpty?: (data: T) => boolean;
  empty?: ReactNode;
  children: (data: T) => ReactNode;
}

/** Show data, or why there is none. */
export function Shown<T>({ resource, label, lines = 6, isEmpty, empty, children }: Props<T>) {
  if (resource.data === undefined) {
    if (resource.error) return <ErrorNote error={resource.error} retry={resource.reload} />;
    return <Loading lines={lines} label={`Loading ${label}`} />;
  }
  return (
    <>
      <StaleNote resource={resource} />
      {isEmpty?.(resource.data) ? empty : children(resource.data)}
    </>
  );
}
