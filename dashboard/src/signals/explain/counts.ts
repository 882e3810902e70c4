/** Types that ask how likely so many of something were: articles, mentions, new pairs, assets that moved. */
import { plain } from "../../format/numbers.ts";
import { MISSING, numbers, score, size, step, type Derivation, type Evidence } from "./steps.ts";

const IMAGINED = 0.5; // events added to every baseline: what was never seen is rare, not impossible
const ENOUGH = 1e-15; // terms of a tail below this share of their sum no longer count
const MOST_TERMS = 100_000; // of a tail: the rest of a longer one cannot be told from certainty
const MOST = 300; // as far as the server counts powers of ten

/** −log₁₀ of the chance of `count` or more under the negative binomial law of this mean and dispersion. */
export function surprise(count: number, mean: number, dispersion: number): number {
  const shape = 1 / dispersion;
  const share = mean / (mean + shape);
  let first = count * Math.log(share) + shape * Math.log(shape / (mean + shape));
  for (let i = 0; i < count; i++) first += Math.log((shape + i) / (i + 1)); // the binomial coefficient
  let [term, total] = [1, 1];
  for (let n = count; term > ENOUGH * total && n < count + MOST_TERMS; n++) {
    term *= ((n + shape) / (n + 1)) * share;
    total += term;
  }
  return Math.min(Math.max(-(first + Math.log(total)) / Math.LN10, 0), MOST);
}

/** −log₁₀ of the chance of `k` or more of `n`, each with the chance `p`. */
export function improbability(k: number, n: number, p: number): number {
  let logarithm = n * Math.log1p(-p); // of the term for none
  let largest = -Infinity;
  const terms: number[] = [];
  for (let i = 0; i <= n; i++) {
    if (i >= k) terms.push(logarithm);
    if (i >= k) largest = Math.max(largest, logarithm);
    logarithm += Math.log((n - i) / (i + 1)) + Math.log(p) - Math.log1p(-p);
  }
  const total = terms.reduce((sum, term) => sum + Math.exp(term - largest), 0);
  return -(largest + Math.log(total)) / Math.LN10;
}

/** A count against the counts of the slots before it. */
function counted(evidence: Evidence, noun: string, slot: string): Derivation {
  const n = numbers(evidence, "count", "events", "slots", "dispersion");
  if (!n) return MISSING;
  const mean = (n.events + IMAGINED) / n.slots;
  const feeds = numbers(evidence, "feeds")?.feeds;
  const recomputed = surprise(n.count, mean, n.dispersion);
  const by = feeds === undefined ? "" : `, told by ${plain(feeds)} feeds`;
  return {
    recomputed,
    steps: [
      step("Counted", `${noun} of the ${slot}${by}.`, plain(n.count)),
      step("Usual", `(${plain(n.events)} + ${IMAGINED}) ÷ ${plain(n.slots)} ${slot}s before.`, plain(mean, 4)),
      step("Unsteadiness", "How far the usual rate itself may be off, squared, as a share of it.", plain(n.dispersion, 4)),
      step("Score", "Powers of ten in the chance of so many or more (negative binomial law).", score(recomputed)),
    ],
  };
}

export const newsBurst = (evidence: Evidence): Derivation => counted(evidence, "Articles", "hour");
export const newPair = (evidence: Evidence): Derivation => counted(evidence, "New pairs", "hour");

export function entityMomentum(evidence: Evidence): Derivation {
  const byFeeds = numbers(evidence, "feeds") !== null; // social media have none and are counted by the hour
  return byFeeds ? counted(evidence, "Articles that name it", "day") : counted(evidence, "Mentions", "hour");
}

export function marketStress(evidence: Evidence): Derivation {
  const n = numbers(evidence, "assets", "beyond", "up", "down", "expected_share", "level");
  if (!n) return MISSING;
  const recomputed = improbability(n.beyond, n.assets, n.expected_share);
  return {
    recomputed,
    steps: [
      step("Assets beyond their level", `Price anomaly of ${n.level} or more: ${n.up} up, ${n.down} down.`, `${n.beyond} of ${n.assets}`),
      step("Usual share", "Of bars that are that far out.", size(n.expected_share)),
      step("Score", "Powers of ten in the chance of so many or more, were assets independent (binomial law).", score(recomputed)),
    ],
  };
}
