import { KeyRound } from "lucide-react";
import { Link, Outlet } from "react-router";
import { useSession } from "../data/session.tsx";
import { PATHS } from "../paths.ts";
import { ErrorNote, Loading, Notice } from "../ui/States.tsx";

/** Lets pages with data through when the reader may see data, and says what to do when not. */
export function Guard() {
  const { session, mayRead } = useSession();
  if (mayRead) return <Outlet />;
  if (session.loading) return <Loading lines={6} label="Loading" />;
  if (session.error && session.error.status !== 401) return <ErrorNote error={session.error} retry={session.reload} />;
  return (
    <Notice Icon={KeyRound} title="Log in to see this page">
      <p>This server shows its data to people who have logged in, and you have not, or your session has ended.</p>
      <p>
        <Link className="text-accent underline" to={PATHS.login}>
          How to get a login link
        </Link>
      </p>
    </Notice>
  );
}
