import type { ReactNode } from "react";
import { useResource, type Resource } from "../../data/resource.ts";
import type { Health, List, MarketList, MarketRow, Psychology, Regime, Signal } from "../../data/types.ts";
import { compactDollars, count, NONE } from "../../format/numbers.ts";
import { words } from "../../format/words.ts";
import { Ago, Change } from "../../ui/Figures.tsx";
import { Split } from "./Split.tsx";
import { marketSummary } from "./summary.ts";

interface Props {
  market: Resource<MarketList>;
  signals: Resource<List<Signal>>;
  health: Resource<Health>;
}

/** The market in a few figures, and how far to trust them. */
export function StatCards({ market, signals, health }: Props) {
  const sum = marketSummary(market.data?.data ?? []);
  const active = signals.data?.data.filter((signal) => signal.state === "active") ?? [];
  const sources = health.data?.sources ?? [];
  const inTime = sources.filter((source) => source.status === "healthy").length;
  return (
    <section aria-label="Overview" className="grid grid-cols-2 gap-3 sm:grid-cols-3 xl:grid-cols-6">
      <Stat label="Market cap" value={compactDollars(sum.cap)} loading={market.loading}>
        <Change value={sum.capChange} /> <span className="text-muted">24 h</span>
      </Stat>
      <Stat label="Volume 24 h" value={compactDollars(sum.volume)} loading={market.loading}>
        <span className="text-muted">{count(sum.assets)} assets</span>
      </Stat>
      <Stat label="Rising / falling" value={`${sum.up} / ${sum.down}`} loading={market.loading}>
        <Split up={sum.up} down={sum.down} />
      </Stat>
      <State />
      <Stat label="Active signals" value={signals.data ? count(active.length) : NONE} loading={signals.loading}>
        <span className="text-muted">{active[0] ? `${words(active[0].type)}, ${active[0].symbol}` : "none right now"}</span>
      </Stat>
      <Stat label="Sources in time" value={sources.length ? `${inTime} / ${sources.length}` : NONE} loading={health.loading}>
        <span className="text-muted">
          newest price <Newest rows={market.data?.data ?? []} />
        </span>
      </Stat>
    </section>
  );
}

/** Which market it is, and in what state of mind: by rules, and "no data" where an input is missing. */
function State() {
  const regime = useResource<{ data: Regime }>("/llm/market-regime", { every: 300_000 });
  const mind = useResource<{ data: Psychology }>("/sentiment/psychology", { every: 300_000 });
  const [market, mood] = [regime.data?.data, mind.data?.data];
  const told = [market?.volatility && `${market.volatility} volatility`, mood && (mood.state === "no data" ? "mood: no data" : mood.state)];
  const breadth = market && `${market.breadth.above_average} of ${market.breadth.assets} assets above their ${market.breadth.average_days}-day average`;
  const index = mood?.index == null ? null : `mood ${Math.round(mood.index)} of 100, where 0 is all fear and 100 all greed`;
  return (
    <Stat label="State of the market" value={market?.trend ? words(market.trend) : NONE} loading={regime.loading} title={[breadth, index].filter(Boolean).join("; ")}>
      <span className="text-muted">{told.filter(Boolean).join(", ") || "not known"}</span>
    </Stat>
  );
}

function Newest({ rows }: { rows: MarketRow[] }) {
  const at = rows.reduce<number | null>((latest, row) => (row.at !== null && row.at > (latest ?? 0) ? row.at : latest), null);
  return <Ago at={at} />;
}

function Stat({ label, value, loading, title, children }: { label: string; value: string; loading: boolean; title?: string; children: ReactNode }) {
  return (
    <div title={title} className="min-w-0 rounded-xl border border-line bg-surface px-4 py-3 shadow-card">
      <p className="text-xs text-muted">{label}</p>
      {loading ? (
        <p role="status" aria-label={`Loading ${label}`} className="mt-1.5 mb-1 h-10 animate-pulse rounded bg-raised" />
      ) : (
        <>
          <p className="num mt-0.5 truncate text-xl font-semibold tracking-tight">{value}</p>
          <p className="num mt-0.5 truncate text-xs">{children}</p>
        </>
      )}
    </div>
  );
}
