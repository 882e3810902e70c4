import { Suspense, useEffect, useRef } from "react";
import { NavigationType, Outlet, useLocation, useNavigationType } from "react-router";
import { useSession } from "../data/session.tsx";
import { Loading } from "../ui/States.tsx";
import { Header } from "./Header.tsx";

/** What every page has around it. */
export function Layout() {
  const { session } = useSession();
  const main = useFreshStart();
  return (
    <div className="flex min-h-dvh flex-col">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-lg focus:bg-accent focus:px-3 focus:py-2 focus:text-on-accent"
      >
        Skip to content
      </a>
      <Header />
      {session.data?.demo && (
        <p role="note" className="border-b border-line bg-warn-soft px-3 py-1.5 text-center text-xs font-medium text-warn">
          Demo: generated market data, not real
        </p>
      )}
      <main ref={main} id="main" tabIndex={-1} className="mx-auto w-full max-w-[1720px] flex-1 px-3 py-4 outline-none sm:px-5">
        <Suspense fallback={<Loading lines={10} label="Loading the page" />}>
          <Outlet />
        </Suspense>
      </main>
      <footer className="mx-auto flex w-full max-w-[1720px] flex-wrap justify-between gap-x-6 gap-y-1 px-3 py-4 text-xs text-muted sm:px-5">
        <p>Times are UTC. Every price names its sources, every signal its evidence.</p>
        <p>
          Charts:{" "}
          <a className="underline hover:text-text" href="https://www.tradingview.com/" target="_blank" rel="noopener noreferrer">
            TradingView Lightweight Charts™
          </a>
        </p>
      </footer>
    </div>
  );
}

/** A page that a link led to begins at its top, with the keyboard in its content; going back stays where it was. */
function useFreshStart() {
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const kind = useNavigationType();
  const before = useRef(pathname);
  useEffect(() => {
    if (before.current === pathname) return;
    before.current = pathname;
    if (kind === NavigationType.Pop) return;
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [pathname, kind]);
  return main;
}
