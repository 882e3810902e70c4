import { KeyRound } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { ApiError, send } from "../data/client.ts";
import { useSession } from "../data/session.tsx";
import { PATHS } from "../paths.ts";
import { Loading, Notice } from "../ui/States.tsx";

/** Take the one-time token out of the address at once: not in the history, not in a screenshot. */
function takeToken(): string {
  const token = window.location.hash.slice(1);
  if (token) window.history.replaceState(window.history.state, "", window.location.pathname);
  return token;
}

/** The one-time link leads here: /login#TOKEN. */
export function LoginPage() {
  const { session } = useSession();
  const navigate = useNavigate();
  const [token] = useState(takeToken);
  const [error, setError] = useState<ApiError | null>(null);
  const sent = useRef(false);

  useEffect(() => {
    if (!token || sent.current) return;
    sent.current = true; // the token works once
    send("POST", "/auth/session", { token })
      .then(session.reload)
      .then(
        () => void navigate(PATHS.market, { replace: true }),
        (problem: unknown) => setError(problem instanceof ApiError ? problem : new ApiError("Logging in failed.", 0)),
      );
  }, [token, navigate, session]);

  if (token && !error) return <Loading lines={3} label="Logging in" />;
  return (
    <Notice Icon={KeyRound} title={error ? "This link does not work" : "Log in with a one-time link"}>
      {error && <p role="alert">{error.status === 401 ? "It was used already, or it is too old." : error.message}</p>}
      <p>
        There are no passwords. On the machine that runs this server, this prints a link that works once, for ten minutes:
      </p>
      <pre className="max-w-full overflow-x-auto rounded-lg border border-line bg-raised px-4 py-2 text-left font-mono text-text">.venv/bin/cryptointel login-link</pre>
      <p>Open that link in this browser.</p>
    </Notice>
  );
}
