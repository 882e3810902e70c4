import { describe, expect, test } from "vitest";
import { ApiError } from "../../data/client.ts";
import type { Rule } from "../../data/rules.ts";
import { cooldowns, draftOf, NEW, symbolsOf, withTimeframe, wordingOf } from "./draft.ts";
import { placeOf } from "./faults.ts";

test.each([
  ["BTC, ETH", ["BTC", "ETH"]],
  [" btc;eth\nsol ", ["btc", "eth", "sol"]],
  ["all", "all"],
  ["Top( 20 )", "Top( 20 )"],
  ["allora", ["allora"]],
  ["", []],
])("symbols typed as %j", (typed, sent) => expect(symbolsOf(typed)).toEqual(sent));

test("a stored rule can be changed and sent back as it was", () => {
  const rule = { id: "1", name: "n", expression: "close > 1", symbols: ["BTC", "ETH"], timeframe: "1d", direction: "up", cooldown_seconds: 777, notify: false } as Rule;
  const { expression, symbols, timeframe, direction, cooldown_seconds } = rule;
  expect(wordingOf(draftOf(rule))).toEqual({ expression, symbols, timeframe, direction, cooldown_seconds });
});

test("a draft is quiet for one bar at least", () => {
  expect(cooldowns(777, "5m").at(-1)).toEqual(["777", "777 seconds"]);
  expect(cooldowns(300, "5m")).toHaveLength(5);
  expect(cooldowns(NEW.cooldown, "1h").map(([seconds]) => seconds)).toEqual(["3600", "14400", "86400", "604800"]);
  const days = withTimeframe(NEW, "1d");
  expect([days.timeframe, days.cooldown]).toEqual(["1d", 86_400]);
  expect(cooldowns(days.cooldown, "1d")).toHaveLength(2);
  expect(withTimeframe(days, "5m").cooldown).toBe(86_400);
});

describe("where an expression is wrong", () => {
  const error = (details: Record<string, unknown>) => new ApiError("wrong", 400, "VALIDATION_ERROR", null, details);
  test("is told by position and excerpt", () => {
    const place = placeOf(error({ field: "expression", problem: "no name is called 'rsj'", position: 2, line: 1, column: 3, excerpt: "a rsj\n  ^", suggestion: "rsi" }));
    expect(place).toEqual({ problem: "no name is called 'rsj'", position: 2, line: 1, column: 3, excerpt: "a rsj\n  ^", suggestion: "rsi" });
  });
  test("is not told of other faults", () => expect(placeOf(error({ field: "symbols" }))).toBeNull());
});
