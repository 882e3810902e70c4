/** Which records the table shows, and how wide its drawings must reach. */
import type { TrackRecord } from "../../data/performance.ts";

export const HORIZONS = ["1h", "4h", "24h", "7d"] as const;
export const PRIMARY = "primary";
export const ALL = "all";

/** What a reader of such a bar acts on, and what confidence is told for (shared/signals/confidence.py). */
const PRIMARY_OF: Record<string, string> = { "5m": "4h", "1h": "24h", "1d": "7d" };
export const primaryOf = (interval: string | null): string => PRIMARY_OF[interval ?? ""] ?? "24h";

export interface Wanted {
  type: string; // "" for all
  horizon: string; // PRIMARY, ALL or one of HORIZONS
}

const VERDICTS = ["edge", "no edge shown", "insufficient data", "no direction"];
const STEPS = ["5m", "1h", "1d"];

/** Those that were asked for: first what is measured, then by name and length of the bar. */
export function chosen(records: TrackRecord[], { type, horizon }: Wanted): TrackRecord[] {
  const kept = records.filter(
    (one) => (!type || one.type === type) && (horizon === ALL || one.horizon === (horizon === PRIMARY ? primaryOf(one.interval) : horizon)),
  );
  const rank = (one: TrackRecord) => VERDICTS.indexOf(one.verdict);
  return kept.sort((a, b) => rank(a) - rank(b) || a.type.localeCompare(b.type, "en") || STEPS.indexOf(a.interval ?? "") - STEPS.indexOf(b.interval ?? "") || place(a) - place(b));
}

const place = (one: TrackRecord): number => HORIZONS.indexOf(one.horizon as (typeof HORIZONS)[number]);

/** How far from zero an axis must reach to hold all lifts with their intervals; a tenth at least. */
export function reachOf(records: TrackRecord[]): number {
  const ends = records.flatMap((one) => one.lift_95 ?? []).map(Math.abs);
  return Math.min(Math.max(0.1, ...ends), 1);
}

export const keyOf = ({ type, interval, horizon }: TrackRecord): string => [type, interval ?? "", horizon].join(" ");
