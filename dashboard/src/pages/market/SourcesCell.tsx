import type { MarketRow } from "../../data/types.ts";
import { price, priceDecimals } from "../../format/numbers.ts";
import { Dot, type Tone } from "../../ui/Badge.tsx";
import { Ago } from "../../ui/Figures.tsx";
import { Tip } from "../../ui/Tip.tsx";

const AGREEMENT: Record<MarketRow["consensus"], { tone: Tone; words: string }> = {
  agreed: { tone: "up", words: "Sources agree" },
  single: { tone: "warn", words: "One source only" },
  none: { tone: "down", words: "Sources do not agree" },
};

/** How many sources stand behind a price and how old it is; who they are on hover or focus. */
export function SourcesCell({ row }: { row: MarketRow }) {
  const { tone, words } = AGREEMENT[row.consensus] ?? AGREEMENT.none;
  const used = row.sources.filter((source) => source.used).length;
  return (
    <Tip content={<SourceList row={row} />}>
      <button type="button" className="inline-flex items-center gap-1.5 text-xs text-muted" aria-label={`${words}: ${used} of ${row.sources.length} used`}>
        <Dot tone={tone} />
        <span className="text-text">{used}</span>
        <span className="min-w-16 text-right max-sm:hidden">
          <Ago at={row.at} />
        </span>
      </button>
    </Tip>
  );
}

export function SourceList({ row }: { row: MarketRow }) {
  const decimals = row.price === null ? undefined : priceDecimals(row.price);
  return (
    <div className="num">
      <p className="font-medium">
        {(AGREEMENT[row.consensus] ?? AGREEMENT.none).words}
        {row.spread_bps !== null && row.sources.length > 1 && `, ${row.spread_bps.toFixed(1)} bps apart`}
      </p>
      <ul className="mt-1 grid gap-0.5">
        {row.sources.map((source) => (
          <li key={source.source} className="flex justify-between gap-4">
            <span className={source.used ? "" : "text-muted line-through"}>{source.source}</span>
            <span>
              {price(source.price, decimals)} <span className="text-muted">· <Ago at={source.at} /></span>
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
