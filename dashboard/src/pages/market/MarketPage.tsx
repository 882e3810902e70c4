import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useLocation, useSearchParams } from "react-router";
import { withQuery } from "../../data/client.ts";
import { observe } from "../../data/clock.ts";
import { mergeNewest, mergePrices } from "../../data/merge.ts";
import { useResource } from "../../data/resource.ts";
import { useSession } from "../../data/session.tsx";
import type { Article, List, MarketList, Signal } from "../../data/types.ts";
import { ErrorBoundary } from "../../app/ErrorBoundary.tsx";
import { Loading } from "../../ui/States.tsx";
import { EvidenceDrawer } from "./EvidenceDrawer.tsx";
import { MarketTable } from "./MarketTable.tsx";
import { News } from "./News.tsx";
import { Signals } from "./Signals.tsx";
import { Sources } from "./Sources.tsx";
import { StatCards } from "./StatCards.tsx";

// The chart library is half of the page's code: the table need not wait for it.
const ChartCard = lazy(() => import("./ChartCard.tsx"));
const MOST_SIGNALS = 100;
const MOST_NEWS = 60;
const newestSignals = mergeNewest<Signal>(MOST_SIGNALS);
const newestNews = mergeNewest<Article>(MOST_NEWS);

export function MarketPage() {
  const { health } = useSession();
  const market = useResource<MarketList>(withQuery("/market-data", { limit: 250 }), { every: 15_000, topic: "prices", apply: mergePrices });
  const signals = useResource<List<Signal>>(withQuery("/signals", { limit: MOST_SIGNALS }), { every: 20_000, topic: "signals", apply: newestSignals });
  const news = useResource<List<Article>>(withQuery("/news/crypto/latest", { limit: MOST_NEWS }), { every: 60_000, topic: "news", apply: newestNews });
  const [opened, setOpened] = useState<Signal | null>(null);
  const { symbol, select, chart } = useSelection(market.data);
  const row = useMemo(() => market.data?.data.find((one) => one.symbol === symbol), [market.data, symbol]);
  const close = useCallback(() => setOpened(null), []);
  useSourcesInView(health.data !== undefined);
  const asOf = market.data?.as_of;
  useEffect(() => observe(asOf), [asOf]);

  // An event may have changed the signal since it was opened.
  const signal = opened && (signals.data?.data.find((one) => one.id === opened.id) ?? opened);
  return (
    <div className="grid grid-cols-1 gap-4">
      <title>Market · cryptointel</title>
      <h1 className="sr-only">Market</h1>
      <StatCards market={market} signals={signals} health={health} />
      <div className="grid grid-cols-1 gap-4 lg:grid-cols-12">
        <div className="min-w-0 max-lg:order-2 lg:col-span-7">
          <MarketTable market={market} selected={symbol} onSelect={select} />
        </div>
        <div ref={chart} className="min-w-0 scroll-mt-18 lg:col-span-5">
          {row && (
            <ErrorBoundary key={row.symbol}>
              <Suspense fallback={<Loading lines={8} label="Loading chart" />}>
                <ChartCard row={row} onSignal={setOpened} />
              </Suspense>
            </ErrorBoundary>
          )}
        </div>
        <div className="flex min-w-0 flex-col max-lg:order-3 lg:col-span-7">
          <Signals signals={signals} onOpen={setOpened} />
        </div>
        <div className="flex min-w-0 flex-col max-lg:order-4 lg:col-span-5">
          <News news={news} />
        </div>
      </div>
      <Sources health={health} />
      {signal && <EvidenceDrawer signal={signal} onClose={close} />}
    </div>
  );
}

/** The dot in the header leads to the sources, from any page: they are there once health is known. */
function useSourcesInView(loaded: boolean): void {
  const { hash, key } = useLocation();
  useEffect(() => {
    if (loaded && hash === "#sources") document.getElementById("sources")?.scrollIntoView();
  }, [loaded, hash, key]);
}

/** The selected asset, kept in the address so that a link leads to it; without one, the first of the list. */
function useSelection(market: MarketList | undefined) {
  const [params, setParams] = useSearchParams();
  const chart = useRef<HTMLDivElement>(null);
  const wanted = params.get("asset");
  const symbol = market?.data.some((row) => row.symbol === wanted) ? wanted! : market?.data[0]?.symbol;
  const latest = useRef(setParams);
  latest.current = setParams;
  const select = useCallback((next: string) => {
    latest.current({ asset: next }, { replace: true, preventScrollReset: true });
    // On a narrow screen the chart is above the table and may be out of sight.
    if (window.matchMedia("(width < 64rem)").matches) chart.current?.scrollIntoView({ behavior: "smooth" });
  }, []);
  return { symbol, select, chart };
}
