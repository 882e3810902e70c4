/** Who is looking, whether this is a demo, and how the server is: known once, for the whole page. */
import { createContext, useContext, useEffect, type ReactNode } from "react";
import { onRefused } from "./client.ts";
import { setClock } from "./clock.ts";
import { useResource, type Resource } from "./resource.ts";
import { openStream } from "./stream.ts";
import type { Health, Session } from "./types.ts";

interface Known {
  session: Resource<Session>;
  health: Resource<Health>;
  mayRead: boolean;
}

const SESSION = "/auth/session";
const Context = createContext<Known | null>(null);

/** Whether this reader gets data: logged in, or on a server that is open to all. */
export function mayRead(session: Session | undefined): boolean {
  return session !== undefined && (session.user !== null || session.public_read || session.demo);
}

export function SessionProvider({ children }: { children: ReactNode }) {
  const session = useResource<Session>(SESSION, { every: 60_000 });
  const allowed = mayRead(session.data) && session.error?.status !== 401;
  const health = useResource<Health>(allowed ? "/health" : null, { every: 20_000, topic: "health", accept: [503] });
  const now = session.data?.now;

  useEffect(() => {
    if (now) setClock(now);
  }, [now]);
  useEffect(() => (allowed ? openStream() : undefined), [allowed]);

  const { reload } = session;
  useEffect(() => onRefused((path) => path !== SESSION && void reload()), [reload]);

  return <Context value={{ session, health, mayRead: allowed }}>{children}</Context>;
}

export function useSession(): Known {
  const known = useContext(Context);
  if (!known) throw new Error("useSession outside SessionProvider");
  return known;
}
