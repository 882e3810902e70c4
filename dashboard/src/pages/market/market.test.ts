import { describe, expect, test } from "vitest";
import type { Bar, MarketRow, Signal } from "../../data/types.ts";
import { barOf, markers, withGaps } from "../../chart/candles.ts";
import { arrange, firstOrder, nextOrder } from "./sorting.ts";
import { marketSummary } from "./summary.ts";

const row = (symbol: string, rank: number | null, value: Partial<MarketRow> = {}): MarketRow => ({
  symbol, id: symbol, name: `Name of ${symbol}`, rank, price: 1, change_24h: 0, open_24h: null, high_24h: null, low_24h: null,
  volume_24h: null, market_cap: null, at: 0, known_at: 0, consensus: "agreed", spread_bps: null, sources: [], ...value,
}); // prettier-ignore

const symbols = (rows: MarketRow[]) => rows.map((one) => one.symbol).join(" ");

describe("the table", () => {
  const rows = [row("A", 2, { price: 5 }), row("B", 1, { price: null }), row("C", null, { price: 7 }), row("D", 3, { price: 5 })];
  test("amounts start with the largest, names and ranks with the first", () => {
    expect(firstOrder("price").descending).toBe(true);
    expect(firstOrder("name").descending).toBe(false);
    expect(nextOrder(firstOrder("rank"), "rank")).toEqual({ column: "rank", descending: true });
  });
  test("what is missing comes last either way, equals stay by rank", () => {
    expect(symbols(arrange(rows, { column: "price", descending: true }, ""))).toBe("C A D B");
    expect(symbols(arrange(rows, { column: "price", descending: false }, ""))).toBe("A D C B");
    expect(symbols(arrange(rows, { column: "rank", descending: true }, ""))).toBe("D A B C");
  });
  test("the filter takes symbols and names in any case", () => {
    expect(symbols(arrange(rows, firstOrder("rank"), " of b"))).toBe("B");
    expect(symbols(arrange(rows, firstOrder("rank"), "d"))).toBe("D");
  });
});

describe("the summary", () => {
  test("weighs changes by market cap", () => {
    const sum = marketSummary([row("A", 1, { market_cap: 110, change_24h: 10 }), row("B", 2, { market_cap: 90, change_24h: -10 }), row("C", 3)]);
    expect(sum).toMatchObject({ assets: 3, cap: 200, volume: null, up: 1, down: 1 });
    expect(sum.capChange).toBeCloseTo(0, 12);
  });
  test("is unknown without data", () => expect(marketSummary([])).toMatchObject({ cap: null, capChange: null, volume: null }));
});

describe("candles", () => {
  const step = 60_000;
  const bar = (index: number, shift = 0): Bar => [index * step + shift, 1, 2, 0.5, 1.5, 10];
  const open = (points: object[]) => points.map((point) => ("open" in point ? "x" : ".")).join("");
  test("missing bars leave empty places", () => expect(open(withGaps([bar(1), bar(2), bar(5), bar(6)], step))).toBe("xx..xx"));
  test("bars off the grid are no gap", () => expect(open(withGaps([bar(1, 100), bar(2, -200), bar(3, 900)], step))).toBe("xxx"));
  test("times rise strictly, whatever the gaps", () => {
    const times = withGaps([bar(1), bar(4, 20_000), bar(9, -20_000)], step).map((point) => Number(point.time));
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
  });
  test("a hole of years does not fill memory", () => expect(withGaps([bar(1), bar(5_000_000)], step).length).toBeLessThan(2100));
  test("no bars are no points", () => expect(withGaps([], step)).toEqual([]));

  const colors = { up: "u", down: "d", none: "n" };
  const signal = (id: string, at: number, direction: Signal["direction"]) => ({ id, at, direction }) as Signal;
  test("a signal at a bar's close marks that bar, not the next", () => expect(barOf([bar(1), bar(2)], 2 * step)).toEqual(bar(1)));
  test("marks are in time order and only where bars are", () => {
    const made = markers([bar(1), bar(2), bar(3)], step, [signal("b", 4 * step, "down"), signal("a", 2 * step, "up"), signal("early", step, "up"), signal("late", 9 * step, "up")], colors);
    expect(made.map(({ id, shape, position }) => [id, shape, position])).toEqual([
      ["a", "arrowUp", "belowBar"],
      ["b", "arrowDown", "aboveBar"],
    ]);
  });
});
