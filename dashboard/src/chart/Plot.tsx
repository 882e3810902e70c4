import { useState } from "react";
import type { Bar, Interval, Signal } from "../data/types.ts";
import { compactDollars, price, priceDecimals } from "../format/numbers.ts";
import { instant } from "../format/time.ts";
import { CandleChart } from "./CandleChart.tsx";
import { STEPS } from "./candles.ts";

interface PlotProps {
  name: string;
  interval: Interval;
  bars: Bar[];
  live: number | null;
  signals: Signal[];
  onSignal: (signal: Signal) => void;
}

/** Candles with the figures of the bar under the pointer, the newest one otherwise. `bars` are not empty. */
export function Plot({ name: asset, interval, bars, live, signals, onSignal }: PlotProps) {
  const [hovered, setHovered] = useState<Bar | null>(null);
  const shown = hovered ?? bars[bars.length - 1]!;
  const decimals = Math.max(...[shown[1], shown[4]].map(priceDecimals));
  const label = `Candles of ${asset}, ${interval}: ${bars.length} bars, last close ${price(bars[bars.length - 1]![4])}`;
  const open = (id: string) => {
    const signal = signals.find((one) => one.id === id);
    if (signal) onSignal(signal);
  };
  return (
    <>
      <p className="num flex flex-wrap gap-x-3 px-4 pt-1 pb-2 text-xs text-muted">
        <span>{instant(shown[0])}</span>
        {(["O", "H", "L", "C"] as const).map((name, index) => (
          <span key={name}>
            {name} <span className="text-text">{price(shown[index + 1], decimals)}</span>
          </span>
        ))}
        <span>
          V <span className="text-text">{compactDollars(shown[5]).replace("$", "")}</span>
        </span>
      </p>
      <CandleChart
        bars={bars}
        step={STEPS[interval]}
        decimals={priceDecimals(bars[bars.length - 1]![4])}
        live={live}
        signals={signals}
        label={label}
        onHover={setHovered}
        onSignal={open}
      />
    </>
  );
}
