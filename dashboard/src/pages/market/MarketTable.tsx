import { ArrowDown, ArrowUp, ChevronsUpDown, Search } from "lucide-react";
import { useMemo, useState } from "react";
import type { Resource } from "../../data/resource.ts";
import type { MarketList } from "../../data/types.ts";
import { Card } from "../../ui/Card.tsx";
import { Empty, Shown } from "../../ui/States.tsx";
import { Fold } from "../../ui/Fold.tsx";
import { MarketRowView } from "./MarketRowView.tsx";
import { arrange, firstOrder, nextOrder, type Column, type Order } from "./sorting.ts";

const COLUMNS: { column: Column; label: string; className: string }[] = [
  { column: "rank", label: "#", className: "w-10 text-right max-sm:hidden" },
  { column: "name", label: "Asset", className: "w-full min-w-24 text-left" },
  { column: "price", label: "Price", className: "text-right" },
  { column: "change_24h", label: "24 h", className: "text-right" },
  { column: "volume_24h", label: "Volume", className: "text-right max-sm:hidden" },
  { column: "market_cap", label: "Market cap", className: "text-right max-md:hidden" },
  { column: "at", label: "Sources", className: "text-right" },
];

interface Props {
  market: Resource<MarketList>;
  selected: string | undefined;
  onSelect: (symbol: string) => void;
}

export function MarketTable({ market, selected, onSelect }: Props) {
  const [order, setOrder] = useState<Order>(firstOrder("rank"));
  const [filter, setFilter] = useState("");
  const rows = useMemo(() => arrange(market.data?.data ?? [], order, filter), [market.data, order, filter]);
  return (
    <Card title="Market" aside={<Filter value={filter} onChange={setFilter} />} className="lg:h-136">
      <Shown
        resource={market}
        label="market"
        lines={12}
        isEmpty={(list) => list.data.length === 0}
        empty={<Empty title="No prices yet">The first ones come with the next collection, within a minute or two.</Empty>}
      >
        {() => (
          <Fold count={rows.length} noun="assets" className="scroll-slim min-h-0 flex-1 overflow-x-auto lg:overflow-y-auto">
            <table className="w-full border-collapse">
              <caption className="sr-only">Market: prices agreed from several sources. Choose a row to see its chart.</caption>
              <thead className="sticky top-0 z-10 bg-surface text-xs text-muted">
                <tr className="border-b border-line">
                  {COLUMNS.map((column) => (
                    <Heading key={column.column} {...column} order={order} onSort={() => setOrder(nextOrder(order, column.column))} />
                  ))}
                </tr>
              </thead>
              <tbody className="fold-items">
                {rows.map((row) => (
                  <MarketRowView key={row.symbol} row={row} selected={row.symbol === selected} onSelect={onSelect} />
                ))}
              </tbody>
            </table>
            {rows.length === 0 && <Empty title={`Nothing matches “${filter}”`} />}
          </Fold>
        )}
      </Shown>
    </Card>
  );
}

function Filter({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  return (
    <label className="flex items-center gap-2 rounded-lg border border-line-strong bg-page px-2.5 py-1 text-muted focus-within:border-accent">
      <Search size={14} aria-hidden />
      <span className="sr-only">Filter by name or symbol</span>
      <input
        type="search"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        placeholder="Filter"
        className="w-28 bg-transparent text-text outline-none placeholder:text-muted sm:w-40"
      />
    </label>
  );
}

interface HeadingProps {
  column: Column;
  label: string;
  className: string;
  order: Order;
  onSort: () => void;
}

function Heading({ column, label, className, order, onSort }: HeadingProps) {
  const active = order.column === column;
  const Icon = !active ? ChevronsUpDown : order.descending ? ArrowDown : ArrowUp;
  const sort = !active ? "none" : order.descending ? "descending" : "ascending";
  return (
    <th scope="col" aria-sort={sort} className={`px-2 py-2 font-medium first:pl-4 last:pr-4 max-sm:[&:nth-child(2)]:pl-4 ${className}`}>
      <button type="button" onClick={onSort} className={`inline-flex items-center gap-1 whitespace-nowrap hover:text-text ${active ? "text-text" : ""}`}>
        {label}
        <Icon size={12} aria-hidden className={active ? "" : "opacity-40"} />
      </button>
    </th>
  );
}
