import { TriangleAlert } from "lucide-react";
import type { DryRun, Followed } from "../../data/rules.ts";
import { count, fraction, price, range, share } from "../../format/numbers.ts";
import { instant } from "../../format/time.ts";
import { insufficient, LEAST_OUTCOMES } from "../../signals/confidence.ts";
import { Badge } from "../../ui/Badge.tsx";
import { Card } from "../../ui/Card.tsx";
import { DataTable } from "../../ui/DataTable.tsx";
import { toneOf } from "../../ui/Figures.tsx";

/** What a rule would have done: how often it fired, what followed, and what of that chance does too. */
export function DryRunPart({ found }: { found: DryRun }) {
  return (
    <Card title="What it would have done">
      <div className="flex flex-col gap-4 px-4 py-3">
        <div>
          <p className="text-base font-semibold" data-testid="would">
            Would have fired {count(found.fires)} {found.fires === 1 ? "time" : "times"}
          </p>
          <p className="text-xs text-muted">
            {instant(found.period.from)} to {instant(found.period.to)}: {count(found.bars)} bars of {found.timeframe}, known on {share(found.coverage)} of them, true on{" "}
            {found.holds === null ? "none" : share(found.holds, 1)}. Took {count(found.took_ms)} ms.
          </p>
        </div>
        {found.warnings.length > 0 && (
          <ul aria-label="To bear in mind" className="flex flex-col gap-1 text-xs text-warn">
            {found.warnings.map((warning) => (
              <li key={warning} className="flex gap-1.5">
                <TriangleAlert size={14} aria-hidden className="shrink-0" /> {warning}
              </li>
            ))}
          </ul>
        )}
        <DataTable
          label="What followed the firings"
          head={["After", "Outcomes", "Mean return, 95 %", "Otherwise", "Hits", "Hits otherwise", "Lift, 95 %"]}
          rows={found.forward.map((one) => ({ key: one.horizon, cells: cellsOf(one) }))}
        />
        <p className="text-xs text-muted">
          “Otherwise” is what followed all other bars of the same assets at the same hours. {found.direction === "none" && "Without an expected way there are no hits. "}A rule that was changed until
          its past looked good has learned the past; fees and slippage are not in it.
        </p>
        <Firings found={found} />
      </div>
    </Card>
  );
}

function cellsOf(one: Followed) {
  if (one.n < LEAST_OUTCOMES) {
    const why = one.n === 0 ? "no data" : insufficient(one.n);
    return [one.horizon, count(one.n), <Badge>{why}</Badge>, "–", "–", "–", "–"];
  }
  const two = (value: number) => fraction(value);
  return [
    one.horizon,
    count(one.n),
    <>
      <span className={toneOf(one.mean)}>{fraction(one.mean)}</span> <span className="text-xs text-muted">{range(one.mean_95, two)}</span>
    </>,
    fraction(one.matched.mean),
    share(one.hit_share),
    share(one.matched.hit_share),
    <>
      {fraction(one.lift, 1)} <span className="text-xs text-muted">{range(one.lift_95, (value) => fraction(value, 1))}</span>
    </>,
  ];
}

function Firings({ found }: { found: DryRun }) {
  if (found.fired.length === 0) return null;
  const newest = found.fired.length < found.fires ? `the newest ${found.fired.length} of ${count(found.fires)}` : "newest first";
  return (
    <details>
      <summary className="text-accent">When it would have fired, {newest}</summary>
      <ul aria-label="Firings" tabIndex={0} className="num scroll-slim mt-2 max-h-72 overflow-y-auto">
        {found.fired.map(({ symbol, at, price: paid }) => (
          <li key={`${symbol} ${at}`} className="flex justify-between gap-3 border-b border-line py-1 last:border-0">
            <span>
              <span className="font-medium">{symbol}</span> <span className="text-muted">{instant(at)}</span>
            </span>
            {price(paid)}
          </li>
        ))}
      </ul>
    </details>
  );
}
