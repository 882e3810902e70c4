import { STEPS } from "../../chart/candles.ts";
import type { Interval } from "../../data/types.ts";
import { Choice } from "../../ui/Choice.tsx";

const OPTIONS = Object.fromEntries(Object.keys(STEPS).map((name) => [name, name])) as Record<Interval, string>;

export const IntervalChoice = ({ value, onChange }: { value: Interval; onChange: (interval: Interval) => void }) => (
  <Choice label="Length of a bar" options={OPTIONS} value={value} onChange={onChange} />
);
