import type { Interval } from "../../data/types.ts";
import { STEPS } from "../../chart/candles.ts";

const INTERVALS = Object.keys(STEPS) as Interval[];

export function IntervalChoice({ value, onChange }: { value: Interval; onChange: (interval: Interval) => void }) {
  return (
    <div role="group" aria-label="Length of a bar" className="flex rounded-lg bg-raised p-0.5">
      {INTERVALS.map((interval) => (
        <button
          key={interval}
          type="button"
          aria-pressed={interval === value}
          onClick={() => onChange(interval)}
          className="rounded-md px-2.5 py-1 text-xs font-medium text-muted hover:text-text aria-pressed:bg-surface aria-pressed:text-text aria-pressed:shadow-sm"
        >
          {interval}
        </button>
      ))}
    </div>
  );
}
