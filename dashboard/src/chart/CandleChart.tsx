import { useEffect, useRef } from "react";
import { useTheme } from "../app/theme.ts";
import type { Bar, Signal } from "../data/types.ts";
import { seconds, withGaps } from "./candles.ts";
import { createCandles, fill, mark, paint, showLive, showNewest, type Chart } from "./chart.ts";

interface Props {
  bars: Bar[];
  step: number;
  decimals: number;
  live: number | null;
  signals: Signal[];
  label: string;
  onHover: (bar: Bar | null) => void;
  onSignal: (id: string) => void;
}

/** Candles with volume, marks of signals and the live price. Give it a `key` per asset and interval. */
export function CandleChart({ bars, step, decimals, live, signals, label, onHover, onSignal }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart | null>(null);
  const latest = useRef({ bars, onHover, onSignal });
  latest.current = { bars, onHover, onSignal };
  const shown = useRef(false);
  const theme = useTheme();

  useEffect(() => {
    const made = createCandles(place.current!);
    chart.current = made;
    shown.current = false;
    made.api.subscribeCrosshairMove(({ time }) => {
      latest.current.onHover(latest.current.bars.find((bar) => seconds(bar[0]) === time) ?? null);
    });
    made.api.subscribeClick(({ hoveredObjectId }) => {
      if (typeof hoveredObjectId === "string") latest.current.onSignal(hoveredObjectId);
    });
    return () => {
      made.api.remove();
      chart.current = null;
    };
  }, []);

  useEffect(() => {
    if (!chart.current) return;
    paint(chart.current);
    fill(chart.current, bars, step, decimals);
    mark(chart.current, bars, step, signals);
    if (shown.current || bars.length === 0) return;
    shown.current = true;
    showNewest(chart.current, withGaps(bars, step).length);
  }, [bars, step, decimals, signals, theme]);

  useEffect(() => {
    if (chart.current) showLive(chart.current, live);
  }, [live, bars]);

  return <div ref={place} role="img" aria-label={label} className="h-80 w-full lg:h-auto lg:min-h-0 lg:flex-1" />;
}
