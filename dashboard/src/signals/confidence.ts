/** How sure a signal was, in words. A probability is measured or not shown. */
import type { Confidence, Signal } from "../data/types.ts";
import { share } from "../format/numbers.ts";

/** Below so many resolved outcomes the server tells no probability (shared/signals/track_record.py). */
export const LEAST_OUTCOMES = 50;

/** "insufficient data: 12 of 50 outcomes" */
export const insufficient = (outcomes: number, least = LEAST_OUTCOMES): string =>
  outcomes < least ? `insufficient data: ${outcomes} of ${least} outcomes` : "insufficient data";

export function confidenceText({ confidence, confidence_score }: Signal): string {
  return confidence_score === null ? "insufficient data" : `${share(confidence_score)} within ${confidence.horizon ?? "its horizon"}`;
}

/** Why there is no probability, or what there is one of. */
export function confidenceReason({ confidence, confidence_score, direction }: Signal): string {
  const { outcomes, horizon } = confidence;
  const kind = "earlier signals of this type and bar length";
  if (confidence_score !== null) {
    return `Chance that the price goes this way within ${horizon ?? "the horizon"} by more than half of what is usual, measured on ${outcomes} ${kind}.`;
  }
  if (direction === "none") return "This signal calls no direction, so there is nothing that could come true or not.";
  return `A probability needs ${LEAST_OUTCOMES} outcomes of ${kind}; the newest calibration there was when this one was raised rested on ${outcomes}.`;
}

/** The horizons there is a probability for. */
export const horizons = ({ by_horizon }: Confidence) => Object.entries(by_horizon ?? {}).filter(([, one]) => one.probability !== null);
