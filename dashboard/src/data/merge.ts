/** How an event changes a list that is already on the page. */
import { observe } from "./clock.ts";
import type { List, MarketList, MarketRow } from "./types.ts";

const asList = <T>(event: unknown): T[] => (Array.isArray(event) ? event : [event]) as T[];

/** Put changed rows into the market list; a row older than the one shown is not taken. */
export function mergePrices(list: MarketList, event: unknown): MarketList {
  const changed = new Map(asList<MarketRow>(event).map((row) => [row.symbol, row]));
  for (const row of changed.values()) observe(row.known_at);
  const known = new Set(list.data.map((row) => row.symbol));
  const data = list.data.map((row) => {
    const next = changed.get(row.symbol);
    return next && (next.known_at ?? 0) >= (row.known_at ?? 0) ? { ...row, ...next } : row;
  });
  return { ...list, data: [...data, ...[...changed.values()].filter((row) => !known.has(row.symbol))] };
}

/** Put new or changed items into a list that is newest first, at most `most` of them. */
export function mergeNewest<T extends { id: string; at: number }>(most: number, wanted: (item: T) => boolean = () => true) {
  return (list: List<T>, event: unknown): List<T> => {
    const came = asList<T>(event).filter((item) => item.id && wanted(item));
    if (came.length === 0) return list;
    const items = new Map([...list.data, ...came].map((item) => [item.id, item]));
    const data = [...items.values()].sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1));
    return { ...list, data: data.slice(0, most) };
  };
}
