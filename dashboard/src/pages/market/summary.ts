import type { MarketRow } from "../../data/types.ts";

export interface Summary {
  assets: number;
  cap: number | null;
  capChange: number | null; // percent over 24 h, of the assets that have both figures
  volume: number | null;
  up: number;
  down: number;
}

/** Add up what the rows have; what no row has stays unknown rather than zero. */
export function marketSummary(rows: MarketRow[]): Summary {
  const both = rows.filter((row) => row.market_cap !== null && row.change_24h !== null && row.change_24h > -100);
  const now = total(both.map((row) => row.market_cap));
  const before = total(both.map((row) => row.market_cap! / (1 + row.change_24h! / 100)));
  return {
    assets: rows.length,
    cap: total(rows.map((row) => row.market_cap)),
    capChange: now !== null && before ? (now / before - 1) * 100 : null,
    volume: total(rows.map((row) => row.volume_24h)),
    up: rows.filter((row) => (row.change_24h ?? 0) > 0).length,
    down: rows.filter((row) => (row.change_24h ?? 0) < 0).length,
  };
}

function total(values: (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}
