import { describe, expect, test } from "vitest";
import { ApiError, withQuery } from "./client.ts";
import { mergeNewest, mergePrices } from "./merge.ts";
import { pause, reduce } from "./resource.ts";
import { mayRead } from "./session.tsx";
import type { MarketList, MarketRow, Session } from "./types.ts";

describe("events change lists", () => {
  const row = (symbol: string, price: number, known_at: number) => ({ symbol, price, known_at }) as MarketRow;
  const list: MarketList = { data: [row("BTC", 1, 100), row("ETH", 2, 100)], next_cursor: null, as_of: 0 };

  test("a changed price is taken, an older one is not, a new asset is added", () => {
    const { data } = mergePrices(list, [row("BTC", 9, 101), row("ETH", 8, 99), row("SOL", 7, 1)]);
    expect(data.map(({ symbol, price }) => [symbol, price])).toEqual([["BTC", 9], ["ETH", 2], ["SOL", 7]]);
    expect(data[1]).toBe(list.data[1]); // an unchanged row is not drawn again
  });

  test("items come newest first, once, and no more than wanted", () => {
    const merge = mergeNewest<{ id: string; at: number; state?: string }>(3, (item) => item.id !== "other");
    const before = { data: [{ id: "b", at: 2 }, { id: "a", at: 1 }], next_cursor: null };
    expect(merge(before, { id: "b", at: 2, state: "resolved" }).data).toEqual([{ id: "b", at: 2, state: "resolved" }, { id: "a", at: 1 }]);
    expect(merge(before, [{ id: "d", at: 4 }, { id: "c", at: 3 }]).data.map((item) => item.id)).toEqual(["d", "c", "b"]);
    expect(merge(before, { id: "other", at: 5 })).toBe(before);
  });
});

describe("a resource", () => {
  const error = new ApiError("no", 500);
  test("keeps data through an error, but not under another path", () => {
    const state = reduce({ path: "/a" }, { kind: "data", path: "/a", data: 1 });
    expect(reduce(state, { kind: "error", path: "/a", error })).toEqual({ path: "/a", data: 1, error });
    expect(reduce(state, { kind: "error", path: "/b", error }).data).toBeUndefined();
    expect(reduce<number>(state, { kind: "event", apply: (data) => data + 1 }).data).toBe(2);
    expect(reduce<number>({ path: "/a" }, { kind: "event", apply: (data) => data + 1 })).toEqual({ path: "/a" });
  });
  test("asks seldom while events come, waits longer after each failure, and obeys Retry-After", () => {
    expect([pause(1000, 0, null, false), pause(1000, 0, null, true)]).toEqual([1000, 6000]);
    expect([1, 2, 3, 20].map((failures) => pause(1000, failures, null, true))).toEqual([1000, 2000, 4000, 120_000]);
    expect(pause(1000, 1, 30, false)).toBe(30_000);
  });
});

test("queries leave out what is not set", () => {
  expect(withQuery("/signals", { symbol: "A&B", limit: 5, cursor: undefined })).toBe("/signals?symbol=A%26B&limit=5");
  expect(withQuery("/signals", {})).toBe("/signals");
});

test("who may read: users, and everybody where the server is open", () => {
  const nobody: Session = { user: null, role: null, scopes: [], demo: false, public_read: false, now: 0 };
  expect([mayRead(undefined), mayRead(nobody)]).toEqual([false, false]);
  expect([mayRead({ ...nobody, user: "admin" }), mayRead({ ...nobody, public_read: true }), mayRead({ ...nobody, demo: true })]).toEqual([true, true, true]);
});
