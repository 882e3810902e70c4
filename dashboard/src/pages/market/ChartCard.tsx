import { useEffect, useMemo, useState } from "react";
import { withQuery } from "../../data/client.ts";
import { mergeNewest } from "../../data/merge.ts";
import { useResource } from "../../data/resource.ts";
import type { History, Interval, List, MarketRow, Signal } from "../../data/types.ts";
import { count, price } from "../../format/numbers.ts";
import { Badge } from "../../ui/Badge.tsx";
import { Card } from "../../ui/Card.tsx";
import { Change } from "../../ui/Figures.tsx";
import { Empty, Shown } from "../../ui/States.tsx";
import { PERIODS, STEPS } from "../../chart/candles.ts";
import { Plot } from "../../chart/Plot.tsx";
import { IntervalChoice } from "./IntervalChoice.tsx";

const RELOAD_PAUSE = 2000;

export default function ChartCard({ row, onSignal }: { row: MarketRow; onSignal: (signal: Signal) => void }) {
  const [interval, setInterval] = useState<Interval>("1h");
  const step = STEPS[interval];
  const symbol = encodeURIComponent(row.symbol);
  const history = useResource<History>(
    withQuery(`/market-data/${symbol}/history`, { interval, period: PERIODS[interval], limit: 1000 }),
    { every: 60_000 },
  );
  const apply = useMemo(() => mergeNewest<Signal>(200, (signal) => signal.symbol === row.symbol), [row.symbol]);
  const signals = useResource<List<Signal>>(withQuery("/signals", { symbol: row.symbol, limit: 200 }), { every: 60_000, topic: "signals", apply });
  const bars = history.data?.data;
  const last = bars?.at(-1);
  useReloadAtClose(row.at, last ? last[0] + 2 * step : null, history.reload);

  return (
    <Card title={`${row.name} (${row.symbol})`} aside={<IntervalChoice value={interval} onChange={setInterval} />} className="lg:h-136">
      <Headline row={row} gaps={history.data?.gaps ?? 0} source={history.data?.source ?? null} />
      {history.error?.status === 404 && !history.data ? (
        <NoCandles interval={interval} />
      ) : (
        <Shown resource={history} label="candles" isEmpty={(found) => found.data.length === 0} empty={<NoCandles interval={interval} />}>
          {(found) => <Plot key={`${row.symbol} ${interval}`} name={row.name} interval={interval} bars={found.data} live={row.price} signals={signals.data?.data ?? []} onSignal={onSignal} />}
        </Shown>
      )}
    </Card>
  );
}

const NoCandles = ({ interval }: { interval: Interval }) => (
  <Empty title="No candles yet">This asset has no bars of {interval} stored for this period.</Empty>
);

/** A bar that should have closed by now is asked for, not waited for: replays run faster than the poll. */
function useReloadAtClose(now: number | null, due: number | null, reload: () => Promise<void>): void {
  const late = now !== null && due !== null && now >= due;
  useEffect(() => {
    if (!late) return;
    const timer = setTimeout(() => void reload(), RELOAD_PAUSE);
    return () => clearTimeout(timer);
  }, [late, due, reload]);
}

function Headline({ row, gaps, source }: { row: MarketRow; gaps: number; source: string | null }) {
  return (
    <div className="flex flex-wrap items-baseline gap-x-4 gap-y-1 px-4 pt-3">
      <p className="num text-2xl font-semibold tracking-tight" data-testid="chart-price">
        {price(row.price)}
      </p>
      <Change value={row.change_24h} />
      <p className="num text-xs text-muted">
        24 h {price(row.low_24h)} to {price(row.high_24h)}
      </p>
      <p className="text-xs text-muted">{sourcesText(row)}</p>
      <p className="ml-auto flex gap-1.5">
        {gaps > 0 && <Badge tone="warn">{count(gaps)} {gaps === 1 ? "bar" : "bars"} missing</Badge>}
        {source && <Badge>{source}</Badge>}
      </p>
    </div>
  );
}

/** Who gave the price and who was left out; the table tells more, but only to a mouse or a keyboard. */
function sourcesText({ sources }: MarketRow): string {
  const names = (used: boolean) => sources.filter((source) => source.used === used).map((source) => source.source).join(", ");
  const [by, without] = [names(true), names(false)];
  return [by ? `Price by ${by}` : "No price agreed", without && `left out: ${without}`].filter(Boolean).join("; ");
}
