/** What every derivation is made of: steps in words, numbers read by path, and phrases that recur. */
import { fraction, percent, plain } from "../../format/numbers.ts";
import { instant } from "../../format/time.ts";

export interface Step {
  what: string;
  says: string;
  figure: string;
}

export interface Derivation {
  steps: Step[];
  recomputed: number | null; // null: an input is missing, or `because` says why not
  because?: string;
}

export type Evidence = Record<string, unknown>;
export type Explainer = (evidence: Evidence) => Derivation;

export const MISSING: Derivation = { steps: [], recomputed: null };

/** Makes the median absolute deviation (MAD) of normally distributed values their standard deviation. */
const NORMAL = 1.4826;

export const score = (value: number): string => value.toFixed(2);
export const mood = (value: number): string => percent(value, 3).replace("%", "");
/** A fraction that is a size, not a change: without a sign. */
export const size = (value: number): string => fraction(value, 3).replace("+", "");

export const step = (what: string, says: string, figure: string): Step => ({ what, says, figure });

/** Read numbers by path (`recent.mean`); null where one is not there. */
export function numbers<K extends string>(evidence: Evidence, ...paths: K[]): Record<K, number> | null {
  const found = paths.map((path) => [path, at(evidence, path)] as const);
  if (found.some(([, value]) => typeof value !== "number")) return null;
  return Object.fromEntries(found) as Record<K, number>;
}

const at = (evidence: Evidence, path: string): unknown =>
  path.split(".").reduce<unknown>((inside, name) => (inside as Evidence | undefined)?.[name], evidence);

export const text = (evidence: Evidence, path: string): string => String(at(evidence, path) ?? "");

/** Which values were the baseline. */
export function baseline(evidence: Evidence, noun = "bars"): string {
  const window = numbers(evidence, "window.n", "window.first", "window.last");
  if (!window) return `the ${noun} before`;
  return `the ${plain(window["window.n"])} ${noun} from ${instant(window["window.first"])} to ${instant(window["window.last"])}`;
}

/** The scale is the MAD made comparable, unless the detector's floor is larger. */
export function deviation(mad: number, scale: number, show: (value: number) => string): string {
  const spread = NORMAL * mad;
  const plainly = `${NORMAL} × MAD ${show(mad).replace("+", "")}`;
  return scale > spread * (1 + 1e-9) ? `${plainly} is less than the least deviation that counts.` : `${plainly}.`;
}
