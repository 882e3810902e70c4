/** Types that join several findings: each part over the level it has to reach, and the weakest decides. */
import { fraction, plain, price, signed } from "../../format/numbers.ts";
import { MISSING, numbers, score, size, step, type Derivation, type Evidence, type Step } from "./steps.ts";

interface Part {
  part: string;
  score?: number; // absent: no data, which an optional part may have
  level?: number;
}

const parts = (evidence: Evidence): Part[] => (Array.isArray(evidence.parts) ? (evidence.parts as Part[]) : []);

/** The smallest share of a level that a part reached; `again` are the parts that were computed once more. */
function weakest(evidence: Evidence, inputs: Step[], again: Record<string, number>): Derivation {
  const told = parts(evidence).filter((part) => part.score !== undefined && part.level !== undefined);
  if (Object.keys(again).some((name) => !told.some(({ part }) => part === name))) return MISSING;
  const shares = told.map(({ part, score: stored, level }) => ({ part, level: level!, value: again[part] ?? stored! }));
  const recomputed = Math.max(Math.min(...shares.map(({ value, level }) => value / level)), 0);
  const missing = parts(evidence).filter((part) => part.score === undefined);
  return {
    recomputed,
    steps: [
      ...inputs,
      ...shares.map(({ part, value, level }) => step(`Part: ${part}`, `${plain(value, 4)} of ${plain(level, 4)} that are needed.`, score(value / level))),
      ...missing.map(({ part }) => step(`Part: ${part}`, "Nothing is known of it: it does not count.", "–")),
      step("Score", "The smallest part: 1 means that all are reached.", score(recomputed)),
    ],
  };
}

export function volumeBreakout(evidence: Evidence): Derivation {
  const n = numbers(evidence, "close", "donchian_upper_20_before", "donchian_lower_20_before", "atr_14", "volume.volume", "volume.median", "volume.scale");
  if (!n) return MISSING;
  const up = n.close > n.donchian_upper_20_before;
  const beyond = up ? n.close - n.donchian_upper_20_before : Math.min(n.close - n.donchian_lower_20_before, 0);
  const volume = Math.max((Math.log(n["volume.volume"]) - n["volume.median"]) / n["volume.scale"], 0);
  const edge = up ? n.donchian_upper_20_before : n.donchian_lower_20_before;
  const inputs = [
    step("Beyond the channel", `Close ${price(n.close)}, ${up ? "highest high" : "lowest low"} of the 20 bars before ${price(edge)}; measured in ATR(14).`, plain(beyond, 4)),
    step("Volume", "Scored as a volume spike.", score(volume)),
  ];
  return weakest(evidence, inputs, { breakout: Math.abs(beyond) / n.atr_14, volume });
}

/** Return and volume of the last three bars, in units of what is usual. */
function burst(evidence: Evidence, name: string, bars: number, signOf: (move: number) => number): Derivation {
  const n = numbers(evidence, "burst_return", "burst_volume", "scale", "volume_median", "volume_scale");
  if (!n) return MISSING;
  const move = signOf(n.burst_return) / (Math.sqrt(bars) * n.scale);
  const volume = (n.burst_volume - n.volume_median) / n.volume_scale;
  const inputs = [
    step(`Return of ${bars} bars`, `In usual moves: ÷ (√${bars} × ${size(n.scale)}).`, fraction(n.burst_return)),
    step(`Volume of ${bars} bars`, "Logarithm of their mean, less the usual, in usual deviations.", signed(volume)),
  ];
  const ranges = numbers(evidence, "burst_range")?.burst_range;
  return weakest(evidence, inputs, { [name]: move, volume, ...(ranges === undefined ? {} : { ranges }) });
}

export function pumpDump(evidence: Evidence): Derivation {
  const bars = numbers(evidence, "bars")?.bars;
  return bars === undefined ? MISSING : burst(evidence, "price", bars, (move) => move);
}

export function liquidityCascade(evidence: Evidence): Derivation {
  const bars = numbers(evidence, "bars.event")?.["bars.event"];
  return bars === undefined ? MISSING : burst(evidence, "move", bars, Math.abs);
}

export function whaleAccumulation(evidence: Evidence): Derivation {
  const n = numbers(evidence, "held_volume", "held_range", "held_close", "volume_median", "volume_scale", "expected_range", "place_error", "bars");
  if (!n) return MISSING;
  const inputs = [
    step(`Volume of ${n.bars} bars`, "Logarithm of their mean, less the usual.", signed(n.held_volume - n.volume_median)),
    step(`Range of ${n.bars} bars`, `A random walk would have ranged over ${size(n.expected_range)}.`, size(n.held_range)),
    step("Place of the closes", "Mean place in their bars: 0 at the low, 1 at the high.", plain(n.held_close, 3)),
  ];
  return weakest(evidence, inputs, {
    volume: (n.held_volume - n.volume_median) / n.volume_scale,
    range: n.expected_range / n.held_range,
    closes: (n.held_close - 0.5) / n.place_error,
  });
}
