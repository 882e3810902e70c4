import { useMemo } from "react";
import { Plot } from "../../chart/Plot.tsx";
import type { SignalDetail } from "../../data/types.ts";

/** The bars around a signal, with its mark. */
export default function SignalChart({ signal }: { signal: SignalDetail }) {
  const { chart } = signal;
  const marks = useMemo(() => [signal], [signal]);
  if (!chart) return null;
  return <Plot name={signal.name} interval={chart.interval} bars={chart.data} live={null} signals={marks} onSignal={() => undefined} />;
}
