/** What the detectors made (tests/dashboard/explainer_cases.py): each score must come out again. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Signal } from "../../data/types.ts";
import { explain } from "../evidence.ts";
import { improbability, surprise } from "./counts.ts";

interface Case {
  type: string;
  raw_score: number;
  evidence: Record<string, unknown>;
}

const file = process.env.EXPLAINER_CASES;
const cases: Case[] = file ? (JSON.parse(readFileSync(file, "utf8")) as Case[]) : [];
/** Scores of whole series, which the page does not have: it shows them and does not pretend to have checked. */
const SHOWN = new Set(["metric_anomaly"]);
const types = [...new Set(cases.map(({ type }) => type))];

const signal = ({ type, raw_score, evidence }: Case): Signal => ({
  id: "01", type, symbol: "BTC", name: "Bitcoin", direction: "down", confidence_score: null,
  confidence: { status: "insufficient data", raw_score, outcomes: 0 }, state: "active", at: 0, known_at: 0,
  expires_at: null, interval: "1h", price: 1, evidence, outcomes: [], created_at: 0,
}); // prettier-ignore

describe.skipIf(!file)("scores of the detectors", () => {
  test.each(types)("%s", (type) => {
    for (const one of cases.filter((each) => each.type === type)) {
      const { agrees, recomputed, steps, because } = explain(signal(one));
      const computed = !SHOWN.has(type);
      expect({ agrees, recomputed, stored: one.raw_score }).toMatchObject({ agrees: computed || null });
      expect(explain(signal({ ...one, raw_score: one.raw_score * 1.001 + 0.001 })).agrees).toBe(computed ? false : null);
      expect(because !== undefined).toBe(!computed);
      expect(steps.length).toBeGreaterThan(2);
      for (const { says, figure } of steps) expect(`${says} ${figure}`).not.toMatch(/NaN|undefined|Infinity|null/);
    }
  });
});

describe("chances", () => {
  test("of a fair coin: all of ten are one in 1,024", () => expect(improbability(10, 10, 0.5)).toBeCloseTo(Math.log10(1024), 12));
  test("none or more is certain", () => expect(improbability(0, 20, 0.01)).toBeCloseTo(0, 12));
  test("a geometric law: size 1 halves with each event", () => expect(surprise(10, 1, 1)).toBeCloseTo(10 * Math.log10(2), 12));
  test("nothing is surprising that is always so", () => expect(surprise(1, 1000, 0.1)).toBeCloseTo(0, 6));
});
