import { describe, expect, test } from "vitest";
import type { Signal } from "../data/types.ts";
import { explain, inputs } from "./evidence.ts";

const window = { base: 1_763_370_000_000, first: 1_763_373_600_000, last: 1_763_715_600_000, n: 96 };

function signal(type: string, raw_score: number, evidence: Record<string, unknown>): Signal {
  return {
    id: "01", type, symbol: "BTC", name: "Bitcoin", direction: "down", confidence_score: null,
    confidence: { status: "insufficient data", raw_score, outcomes: 0 }, state: "active", at: 0, known_at: 0,
    expires_at: null, interval: "1d", price: 1, evidence, outcomes: [], created_at: 0,
  }; // prettier-ignore
}

describe("price anomaly", () => {
  const evidence = { close: 4800, previous_close: 7934.52, elapsed_bars: 1, median: 0.001, mad: 0.012, scale: 0.0177912, threshold: 5, window };
  const score = Math.abs(Math.log(4800 / 7934.52) - 0.001) / 0.0177912;

  test("is computed again from the closes", () => {
    const { recomputed, agrees, steps } = explain(signal("price_anomaly", score, evidence));
    expect(recomputed).toBe(score);
    expect(agrees).toBe(true);
    expect(steps.map((step) => [step.what, step.figure])).toEqual([
      ["Move of the bar", "−50.261%"],
      ["Usual move", "+0.100%"],
      ["Usual deviation", "1.779%"],
      ["Score", "28.31"],
      ["Threshold", "5.00"],
    ]);
    expect(steps[1]?.says).toContain("96 bars from 17 Nov 2025");
  });

  test("a stored number that does not follow from its inputs is told", () => {
    expect(explain(signal("price_anomaly", score + 0.001, evidence)).agrees).toBe(false);
  });

  test("a move over missing bars is divided by the root of their number", () => {
    const over = { ...evidence, elapsed_bars: 4 };
    expect(explain(signal("price_anomaly", 1, over)).recomputed).toBeCloseTo(Math.abs(Math.log(4800 / 7934.52) / 2 - 0.001) / 0.0177912, 12);
  });

  test("the floor is named where it was what counted", () => {
    const { steps } = explain(signal("price_anomaly", 1, { ...evidence, mad: 0, scale: 0.0005 }));
    expect(steps[2]?.says).toContain("less than the least deviation");
  });

  test("missing inputs are no number", () => {
    expect(explain(signal("price_anomaly", 1, { close: 1 }))).toEqual({ steps: [], recomputed: null, agrees: null });
  });
});

test("volume spike compares logarithms", () => {
  const evidence = { volume: 31400, median: Math.log(1200), mad: 0.31, scale: 1.4826 * 0.31, threshold: 3.5, window };
  const { recomputed, steps } = explain(signal("volume_spike", 1, evidence));
  expect(recomputed).toBeCloseTo(Math.log(31400 / 1200) / (1.4826 * 0.31), 12);
  expect(steps[1]?.figure).toBe("1,200");
  expect(steps.at(-1)?.says).toContain("raised");
});

test("sentiment shift draws the recent mean towards the usual one", () => {
  const evidence = { spread: 0.34, shrinkage: 3, threshold: 3, recent: { n: 9, mean: -0.41 }, baseline: { n: 140, mean: 0.11 } };
  const value = (9 * -0.41 + 3 * 0.11) / 12;
  const score = Math.abs(value - 0.11) / (0.34 * Math.sqrt(1 / 9 + 1 / 140));
  const explained = explain(signal("sentiment_shift", score, evidence));
  expect(explained.agrees).toBe(true);
  expect(explained.steps[2]?.figure).toBe("−0.280");
});

test("a type this page does not know is not explained away", () => {
  expect(explain(signal("new_type", 4, { value: 1 })).agrees).toBeNull();
});

test("inputs are shown flat, instants as times", () => {
  expect(inputs({ window, list: [1, 2], text: "<b>", none: null, value: 0.5 })).toEqual([
    { name: "window.base", value: "17 Nov 2025, 09:00:00 UTC" },
    { name: "window.first", value: "17 Nov 2025, 10:00:00 UTC" },
    { name: "window.last", value: "21 Nov 2025, 09:00:00 UTC" },
    { name: "window.n", value: "96" },
    { name: "list", value: "1, 2" },
    { name: "text", value: "<b>" },
    { name: "none", value: "none" },
    { name: "value", value: "0.5" },
  ]);
});
