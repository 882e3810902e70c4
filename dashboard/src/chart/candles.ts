/** Bars as the chart takes them. Its time is in seconds; ours in milliseconds. */
import type { CandlestickData, HistogramData, SeriesMarker, Time, UTCTimestamp, WhitespaceData } from "lightweight-charts";
import type { Bar, Interval, Signal } from "../data/types.ts";

const MINUTE = 60_000;
export const STEPS: Record<Interval, number> = { "5m": 5 * MINUTE, "1h": 60 * MINUTE, "1d": 1440 * MINUTE };
export const PERIODS: Record<Interval, string> = { "5m": "24h", "1h": "30d", "1d": "1y" };
const MOST_MISSING = 2000; // a series with larger holes is drawn without the rest of them

export const seconds = (ms: number): UTCTimestamp => Math.floor(ms / 1000) as UTCTimestamp;

type Point = CandlestickData<UTCTimestamp> | WhitespaceData<UTCTimestamp>;

/** Bars in time order, each missing one as an empty place: a hole in the data is a hole on the chart. */
export function withGaps(bars: Bar[], step: number): Point[] {
  const points: Point[] = [];
  let left = MOST_MISSING;
  let expected = bars[0]?.[0] ?? 0;
  for (const [at, open, high, low, close] of bars) {
    // Half a step of play: some exchanges' bars do not lie on the grid.
    for (; expected < at - step / 2 && left > 0; expected += step, left--) points.push({ time: seconds(expected) });
    points.push({ time: seconds(at), open, high, low, close });
    expected = at + step;
  }
  return points;
}

export function volumes(bars: Bar[], up: string, down: string): HistogramData<UTCTimestamp>[] {
  return bars.map(([at, open, , , close, volume]) => ({ time: seconds(at), value: volume, color: close >= open ? up : down }));
}

/** The bar a signal was found on: the last that opened before the signal's instant, a bar's close. */
export function barOf(bars: Bar[], at: number): Bar | undefined {
  return bars.findLast((bar) => bar[0] < at);
}

/** Marks for the signals that lie within the bars shown. */
export function markers(bars: Bar[], step: number, signals: Signal[], colors: Record<Signal["direction"], string>): SeriesMarker<Time>[] {
  const marks: SeriesMarker<Time>[] = [];
  for (const signal of signals) {
    const bar = barOf(bars, signal.at);
    if (!bar || signal.at - bar[0] > 2 * step) continue;
    const place = signal.direction === "down" ? "aboveBar" : "belowBar";
    const shape = signal.direction === "up" ? "arrowUp" : signal.direction === "down" ? "arrowDown" : "circle";
    marks.push({ id: signal.id, time: seconds(bar[0]), position: place, shape, color: colors[signal.direction], size: 1.3 });
  }
  return marks.sort((a, b) => Number(a.time) - Number(b.time));
}
