/** Types on news, quotes, order books and metrics: a value against those before it. */
import { fraction, plain, price, signed } from "../../format/numbers.ts";
import { instant } from "../../format/time.ts";
import { baseline, deviation, MISSING, mood, numbers, score, step, text, type Derivation, type Evidence } from "./steps.ts";

const four = (value: number): string => plain(value, 4);
const dollars = (logarithm: number): string => price(Math.exp(logarithm), 0);

export function sentimentShift(evidence: Evidence): Derivation {
  const n = numbers(evidence, "spread", "shrinkage", "recent.n", "recent.mean", "baseline.n", "baseline.mean");
  if (!n) return MISSING;
  const [recent, before, prior] = [n["recent.n"], n["baseline.n"], n.shrinkage];
  const value = (recent * n["recent.mean"] + prior * n["baseline.mean"]) / (recent + prior);
  const standardError = n.spread * Math.sqrt(1 / recent + 1 / before);
  const recomputed = Math.abs(value - n["baseline.mean"]) / standardError;
  return {
    recomputed,
    steps: [
      step("News before", `Mean sentiment of ${plain(before)} articles of the week before.`, mood(n["baseline.mean"])),
      step("News now", `Mean sentiment of ${plain(recent)} recent articles.`, mood(n["recent.mean"])),
      step("Counted as", `The recent mean, with ${plain(prior)} imagined articles of the usual mood added: few articles say little.`, mood(value)),
      step("Standard error", `Spread ${four(n.spread)} × √(1/${plain(recent)} + 1/${plain(before)}).`, four(standardError)),
      step("Score", "|counted − before| ÷ standard error.", score(recomputed)),
    ],
  };
}

interface Level {
  what: string;
  noun: string;
  show: (value: number) => string;
  spread?: (value: number) => string;
}

/** |value − median| ÷ scale, for what is measured as it is. */
function level(evidence: Evidence, { what, noun, show, spread = four }: Level): Derivation {
  const n = numbers(evidence, "value", "median", "mad", "scale");
  if (!n) return MISSING;
  const recomputed = Math.abs(n.value - n.median) / n.scale;
  return {
    recomputed,
    steps: [
      step(what, "The newest value.", show(n.value)),
      step("Usual", `Median of ${baseline(evidence, noun)}.`, show(n.median)),
      step("Usual deviation", deviation(n.mad, n.scale, spread), spread(n.scale)),
      step("Score", "|value − usual| ÷ usual deviation.", score(recomputed)),
    ],
  };
}

const rate = (value: number): string => fraction(value, 4);

export const fundingExtreme = (evidence: Evidence): Derivation =>
  level(evidence, { what: "Funding of eight hours", noun: "settlements", show: rate, spread: (value) => rate(value).replace("+", "") });
export const riskReversal = (evidence: Evidence): Derivation =>
  level(evidence, { what: "Calls less puts, in points of volatility", noun: "values", show: (value) => signed(value) });
export const dexVolumeSpike = (evidence: Evidence): Derivation =>
  level(evidence, { what: "Traded, compared as logarithms", noun: "values", show: dollars });
export const liquidityAnomaly = (evidence: Evidence): Derivation =>
  level(evidence, { what: "What is left, compared as logarithms", noun: "values", show: dollars });

export function orderBookImbalance(evidence: Evidence): Derivation {
  const n = numbers(evidence, "low", "high", "median", "mad", "scale", "bid_depth", "ask_depth");
  if (!n) return MISSING;
  const held = n.low > 0 ? n.low : n.high; // of the last snapshots the one nearest to the usual
  const recomputed = Math.abs(held - n.median) / n.scale;
  return {
    recomputed,
    steps: [
      step("Bids near the middle", "Of the newest snapshot.", price(n.bid_depth, 0)),
      step("Asks near the middle", "Of the newest snapshot.", price(n.ask_depth, 0)),
      step("Imbalance that held", "ln(bids ÷ asks), of the last three snapshots the one nearest to the usual.", signed(held)),
      step("Usual imbalance", `Median of ${baseline(evidence, "snapshots")}.`, signed(n.median)),
      step("Usual deviation", deviation(n.mad, n.scale, four), four(n.scale)),
      step("Score", "|imbalance − usual| ÷ usual deviation.", score(recomputed)),
    ],
  };
}

export function exchangeDivergence(evidence: Evidence): Derivation {
  const n = numbers(evidence, "least", "looks", "median", "mad", "scale", "since");
  if (!n) return MISSING;
  const value = Math.log1p(n.least);
  const recomputed = (value - n.median) / n.scale;
  return {
    recomputed,
    steps: [
      step("Distance that held", `Least distance of the sources in ${plain(n.looks)} looks since ${instant(n.since)}, in basis points.`, plain(n.least, 4)),
      step("Its logarithm", "ln(1 + distance): distances multiply.", four(value)),
      step("Usual logarithm", `Median of ${baseline(evidence, "looks")}.`, four(n.median)),
      step("Usual deviation", deviation(n.mad, n.scale, four), four(n.scale)),
      step("Score", "(logarithm − usual) ÷ usual deviation.", score(recomputed)),
    ],
  };
}

export function stablecoinDepeg(evidence: Evidence): Derivation {
  const n = numbers(evidence, "least", "looks", "agree", "band", "since");
  if (!n) return MISSING;
  const recomputed = n.least / n.band;
  return {
    recomputed,
    steps: [
      step("Distance from a dollar", `The least of ${plain(n.looks)} looks since ${instant(n.since)}, by ${plain(n.agree)} sources that agree.`, fraction(n.least, 3)),
      step("Band", "What a dollar coin may stray.", fraction(n.band, 3)),
      step("Score", "Distance ÷ band.", score(recomputed)),
    ],
  };
}

/** |value − before| ÷ scale, in logarithms of dollars. */
function moved(evidence: Evidence): Derivation {
  const n = numbers(evidence, "value", "before", "before_at", "move_mad", "scale");
  if (!n) return MISSING;
  const recomputed = Math.abs(n.value - n.before) / n.scale;
  return {
    recomputed,
    steps: [
      step("Before", `At ${instant(n.before_at)}.`, dollars(n.before)),
      step("Now", `A change of ${fraction(Math.expm1(n.value - n.before))}.`, dollars(n.value)),
      step("Usual move", `From the hourly moves before (MAD ${four(n.move_mad)}), × √hours in between.`, four(n.scale)),
      step("Score", "|ln(now ÷ before)| ÷ usual move.", score(recomputed)),
    ],
  };
}

export const openInterestShock = moved;
export const tvlAnomaly = moved;

/** Its score follows from every value since the first: this page does not have them, and so does not compute it again. */
export function metricAnomaly(evidence: Evidence): Derivation {
  const n = numbers(evidence, "value", "median", "values", "since", "score", "threshold", "window.n");
  if (!n) return MISSING;
  const says = n.score >= n.threshold ? "The score reached it, so the signal was raised." : "The score lies below it.";
  return {
    recomputed: null,
    because: "It follows from all values of the series, which are stored but not part of the evidence.",
    steps: [
      step("Newest value", `Of ${text(evidence, "series.name")}, told by ${text(evidence, "series.source")}.`, plain(n.value, 6)),
      step("Last values", `Median of the ${plain(n["window.n"])} before; the side it lies on is all that they tell here.`, plain(n.median, 6)),
      step("Score", `How far it lies from all that ${plain(n.values)} values since ${instant(n.since)} have been, between 0 and 1, as stored.`, plain(n.score, 4)),
      step("Threshold", says, plain(n.threshold, 4)),
    ],
  };
}
