/** Order and filter of the market table. */
import type { MarketRow } from "../../data/types.ts";

export type Column = "rank" | "name" | "price" | "change_24h" | "volume_24h" | "market_cap" | "at";
export interface Order {
  column: Column;
  descending: boolean;
}

/** Where a column starts when it is first chosen: names and ranks from the front, amounts from the largest. */
export const firstOrder = (column: Column): Order => ({ column, descending: column !== "rank" && column !== "name" });

export function nextOrder(order: Order, column: Column): Order {
  return order.column === column ? { column, descending: !order.descending } : firstOrder(column);
}

/** Rows in order; what has no value comes last either way, equals keep their rank. */
export function arrange(rows: MarketRow[], { column, descending }: Order, filter: string): MarketRow[] {
  const wanted = filter.trim().toLowerCase();
  const sign = descending ? -1 : 1;
  return rows.filter((row) => matches(row, wanted)).sort((a, b) => {
    const [left, right] = [a[column], b[column]];
    if (left == null || right == null) return left == null ? (right == null ? byRank(a, b) : 1) : -1;
    const order = typeof left === "string" ? left.localeCompare(String(right), "en") : left - Number(right);
    return order * sign || byRank(a, b);
  });
}

const byRank = (a: MarketRow, b: MarketRow): number => (a.rank ?? Infinity) - (b.rank ?? Infinity) || (a.symbol < b.symbol ? -1 : 1);

function matches(row: MarketRow, wanted: string): boolean {
  return !wanted || row.symbol.toLowerCase().includes(wanted) || row.name.toLowerCase().includes(wanted);
}
