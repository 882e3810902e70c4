import { useSyncExternalStore } from "react";
import { Link } from "react-router";
import { useSession } from "../data/session.tsx";
import { streamState, watchStream } from "../data/stream.ts";
import { PATHS } from "../paths.ts";
import { Dot, type Tone } from "../ui/Badge.tsx";
import { Tip } from "../ui/Tip.tsx";

const STREAM = { live: "Live", polling: "Polling", connecting: "Connecting" };
const TONES: Record<string, Tone> = { healthy: "up", degraded: "warn", unhealthy: "down" };

/** How the server is and how this page hears from it, in one line. */
export function HealthDot() {
  const { health, mayRead } = useSession();
  const stream = useSyncExternalStore(watchStream, streamState);
  if (!mayRead) return null;
  const status = health.error ? "unreachable" : (health.data?.status ?? "unknown");
  const tone = health.error ? "down" : (TONES[status] ?? "muted");
  const sources = health.data?.sources ?? [];
  const late = sources.filter((source) => source.status !== "healthy" && source.status !== "disabled");
  return (
    <Tip
      content={
        <>
          <p className="font-medium">Server: {status}</p>
          <p>
            {sources.length - late.length} of {sources.length} sources deliver in time
          </p>
          <p>{stream === "live" ? "Changes arrive as they happen" : "No event stream: the page asks again and again"}</p>
        </>
      }
    >
      <Link to={{ pathname: PATHS.market, hash: "sources" }} className="flex items-center gap-2 rounded-lg px-2 py-1.5 text-muted hover:bg-raised hover:text-text">
        <Dot tone={tone} pulse={stream === "live" && tone === "up"} />
        <span className="hidden sm:inline" role="status">
          {STREAM[stream]}
        </span>
        <span className="sr-only">server {status}</span>
      </Link>
    </Tip>
  );
}
