import { describe, expect, test } from "vitest";
import type { TrackRecord } from "../../data/performance.ts";
import { ALL, chosen, PRIMARY, primaryOf, reachOf } from "./records.ts";

const one = (type: string, interval: string | null, horizon: string, verdict: string, lift_95: [number, number] | null = null) =>
  ({ type, interval, horizon, verdict, lift_95 }) as TrackRecord;

const all = [
  one("b", "1h", "24h", "insufficient data"), one("a", "5m", "4h", "no edge shown"), one("a", "5m", "1h", "edge"),
  one("a", "1h", "24h", "no edge shown"), one("c", null, "24h", "edge", [-0.02, 0.31]),
]; // prettier-ignore
const keys = (records: TrackRecord[]) => records.map(({ type, interval, horizon }) => `${type} ${interval} ${horizon}`);

describe("the track record's table", () => {
  test("shows each type at its primary horizon, what is known first", () => {
    expect(keys(chosen(all, { type: "", horizon: PRIMARY }))).toEqual(["c null 24h", "a 5m 4h", "a 1h 24h", "b 1h 24h"]);
    expect(["5m", "1h", "1d", null].map(primaryOf)).toEqual(["4h", "24h", "7d", "24h"]);
  });
  test("can be filtered by type and horizon", () => {
    expect(keys(chosen(all, { type: "a", horizon: ALL }))).toEqual(["a 5m 1h", "a 5m 4h", "a 1h 24h"]);
    expect(keys(chosen(all, { type: "", horizon: "1h" }))).toEqual(["a 5m 1h"]);
  });
  test("axes hold every interval", () => expect([reachOf(all), reachOf([]), reachOf([one("x", null, "1h", "", [-9, 0])])]).toEqual([0.31, 0.1, 1]));
});
