/** How a signal's number came about: each step in words, and the number computed again from the stored inputs. */
import type { Signal } from "../data/types.ts";
import { plain } from "../format/numbers.ts";
import { instant } from "../format/time.ts";
import { words } from "../format/words.ts";
import { EXPLAINERS } from "./explain/index.ts";
import { score, type Derivation, type Step } from "./explain/steps.ts";

export interface Explanation extends Derivation {
  agrees: boolean | null; // null: this page cannot tell
}

export interface Input {
  name: string;
  value: string;
}

const TOLERANCE = 1e-9; // relative: JSON carries doubles exactly, so only the order of operations may differ

export function explain(signal: Signal): Explanation {
  const derived = EXPLAINERS[signal.type]?.(signal.evidence);
  if (!derived) return { steps: [], recomputed: null, agrees: null };
  const stored = signal.confidence.raw_score;
  return { ...derived, steps: [...derived.steps, ...verdict(signal, derived)], agrees: equal(derived.recomputed, stored) };
}

function verdict({ evidence }: Signal, { recomputed }: Derivation): Step[] {
  const { threshold } = evidence;
  if (typeof threshold !== "number" || recomputed === null) return [];
  const says = recomputed >= threshold ? "The score reached it, so the signal was raised." : "The score lies below it.";
  return [{ what: "Threshold", says, figure: score(threshold) }];
}

function equal(recomputed: number | null, stored: number): boolean | null {
  if (recomputed === null) return null;
  return Math.abs(recomputed - stored) <= TOLERANCE * Math.max(1, Math.abs(stored));
}

/** Everything that was stored, flat: `window.first`. */
export function inputs(evidence: Record<string, unknown>, prefix = ""): Input[] {
  return Object.entries(evidence).flatMap(([name, value]) => {
    const path = prefix + name;
    if (value !== null && typeof value === "object" && !Array.isArray(value)) {
      return inputs(value as Record<string, unknown>, `${path}.`);
    }
    return [{ name: path, value: shown(value) }];
  });
}

const EARLIEST_INSTANT = Date.UTC(2009, 0, 1); // no market is older, and no other whole number is so large and so close

function shown(value: unknown): string {
  if (value === null) return "none";
  if (Array.isArray(value) && value.length === 0) return "none";
  if (Array.isArray(value)) {
    const parts = value.map((item) => (typeof item === "object" ? JSON.stringify(item) : shown(item)));
    return parts.length > 8 ? `${parts.length} values: ${parts.slice(0, 3).join(", ")} … ${parts.at(-1)}` : parts.join(", ");
  }
  if (typeof value !== "number") return String(value);
  const isInstant = Number.isInteger(value) && value > EARLIEST_INSTANT && value < 2 * Date.now();
  return isInstant ? instant(value) : plain(value, 8);
}

/** One sentence for the head of a signal. */
export function summary(signal: Signal): string {
  const direction = { up: "upwards", down: "downwards", none: "without direction" }[signal.direction];
  const bar = signal.interval ? ` on a bar of ${signal.interval}` : "";
  return `${words(signal.type)} of ${signal.name}${bar}, ${direction}.`;
}
