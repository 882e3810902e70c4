/** One function per signal type: the arithmetic of its detector (shared/signals/detectors), done again step by step. */
import { fraction, percent, plain, price } from "../../format/numbers.ts";
import { instant } from "../../format/time.ts";

export interface Step {
  what: string;
  says: string;
  figure: string;
}

export interface Derivation {
  steps: Step[];
  recomputed: number | null; // null: an input is missing
}

export type Evidence = Record<string, unknown>;

/** Makes the median absolute deviation (MAD) of normally distributed values their standard deviation. */
const NORMAL = 1.4826;
const MISSING: Derivation = { steps: [], recomputed: null };

export const EXPLAINERS: Record<string, (evidence: Evidence) => Derivation> = {
  price_anomaly: priceAnomaly,
  volume_spike: volumeSpike,
  sentiment_shift: sentimentShift,
};

export const score = (value: number): string => value.toFixed(2);
const mood = (value: number): string => percent(value, 3).replace("%", "");

/** Read numbers by path (`recent.mean`); null where one is not there. */
export function numbers<K extends string>(evidence: Evidence, ...paths: K[]): Record<K, number> | null {
  const found = paths.map((path) => {
    const value = path.split(".").reduce<unknown>((at, name) => (at as Evidence | undefined)?.[name], evidence);
    return [path, value] as const;
  });
  if (found.some(([, value]) => typeof value !== "number")) return null;
  return Object.fromEntries(found) as Record<K, number>;
}

function priceAnomaly(evidence: Evidence): Derivation {
  const n = numbers(evidence, "close", "previous_close", "median", "mad", "scale");
  if (!n) return MISSING;
  const elapsed = numbers(evidence, "elapsed_bars")?.elapsed_bars ?? 1;
  const value = Math.log(n.close / n.previous_close) / Math.sqrt(elapsed);
  const recomputed = Math.abs(value - n.median) / n.scale;
  const over = elapsed === 1 ? "" : `, ÷ √${plain(elapsed)} for the bars missing in between`;
  return {
    recomputed,
    steps: [
      { what: "Move of the bar", says: `From ${price(n.previous_close)} to ${price(n.close)}: ln(close ÷ previous close)${over}.`, figure: fraction(value, 3) },
      { what: "Usual move", says: `Median of ${baseline(evidence)}.`, figure: fraction(n.median, 3) },
      { what: "Usual deviation", says: deviation(n.mad, n.scale, (x) => fraction(x, 3)), figure: fraction(n.scale, 3).replace("+", "") },
      { what: "Score", says: "|move − usual move| ÷ usual deviation.", figure: score(recomputed) },
    ],
  };
}

function volumeSpike(evidence: Evidence): Derivation {
  const n = numbers(evidence, "volume", "median", "mad", "scale");
  if (!n) return MISSING;
  const value = Math.log(n.volume);
  const recomputed = (value - n.median) / n.scale;
  const times = plain(n.volume / Math.exp(n.median), 3);
  return {
    recomputed,
    steps: [
      { what: "Volume of the bar", says: `${times} times the usual; its logarithm is ${plain(value, 5)}.`, figure: plain(n.volume, 5) },
      { what: "Usual volume", says: `Median of ${baseline(evidence)}; its logarithm is ${plain(n.median, 5)}.`, figure: plain(Math.exp(n.median), 5) },
      { what: "Usual deviation", says: `Of the logarithms: ${deviation(n.mad, n.scale, (x) => plain(x, 4))}`, figure: plain(n.scale, 4) },
      { what: "Score", says: "(logarithm − usual logarithm) ÷ usual deviation.", figure: score(recomputed) },
    ],
  };
}

function sentimentShift(evidence: Evidence): Derivation {
  const n = numbers(evidence, "spread", "shrinkage", "recent.n", "recent.mean", "baseline.n", "baseline.mean");
  if (!n) return MISSING;
  const [recent, before, prior] = [n["recent.n"], n["baseline.n"], n.shrinkage];
  const value = (recent * n["recent.mean"] + prior * n["baseline.mean"]) / (recent + prior);
  const standardError = n.spread * Math.sqrt(1 / recent + 1 / before);
  const recomputed = Math.abs(value - n["baseline.mean"]) / standardError;
  return {
    recomputed,
    steps: [
      { what: "News before", says: `Mean sentiment of ${plain(before)} articles of the week before.`, figure: mood(n["baseline.mean"]) },
      { what: "News now", says: `Mean sentiment of ${plain(recent)} recent articles.`, figure: mood(n["recent.mean"]) },
      { what: "Counted as", says: `The recent mean, with ${plain(prior)} imagined articles of the usual mood added: few articles say little.`, figure: mood(value) },
      { what: "Standard error", says: `Spread ${plain(n.spread, 4)} × √(1/${plain(recent)} + 1/${plain(before)}).`, figure: plain(standardError, 4) },
      { what: "Score", says: "|counted − before| ÷ standard error.", figure: score(recomputed) },
    ],
  };
}

function baseline(evidence: Evidence): string {
  const window = numbers(evidence, "window.n", "window.first", "window.last");
  if (!window) return "the bars before";
  return `the ${plain(window["window.n"])} bars from ${instant(window["window.first"])} to ${instant(window["window.last"])}`;
}

/** The scale is the MAD made comparable, unless the detector's floor is larger. */
function deviation(mad: number, scale: number, show: (value: number) => string): string {
  const spread = NORMAL * mad;
  const plainly = `${NORMAL} × MAD ${show(mad).replace("+", "")}`;
  return scale > spread * (1 + 1e-9) ? `${plainly} is less than the least deviation that counts.` : `${plainly}.`;
}
