import { memo, useEffect, useRef } from "react";
import type { MarketRow } from "../../data/types.ts";
import { compactDollars, price } from "../../format/numbers.ts";
import { Change } from "../../ui/Figures.tsx";
import { SourcesCell } from "./SourcesCell.tsx";

interface Props {
  row: MarketRow;
  selected: boolean;
  onSelect: (symbol: string) => void;
}

/** One asset. The whole row takes a click; the button in it is for the keyboard and for screen readers. */
export const MarketRowView = memo(function MarketRowView({ row, selected, onSelect }: Props) {
  return (
    <tr
      onClick={() => onSelect(row.symbol)}
      aria-current={selected ? "true" : undefined}
      className="cursor-pointer border-b border-line last:border-0 hover:bg-raised aria-[current=true]:bg-accent-soft"
    >
      <td className="py-2 pr-2 pl-4 text-right text-muted max-sm:hidden">{row.rank ?? ""}</td>
      <th scope="row" className="w-full max-w-0 px-2 py-2 text-left font-normal max-sm:pl-4">
        <button type="button" className="flex w-full min-w-20 flex-col text-left sm:flex-row sm:items-baseline sm:gap-2" aria-label={`Show ${row.name}, ${row.symbol}`}>
          <span className="font-semibold">{row.symbol}</span>
          <span className="truncate text-xs text-muted">{row.name}</span>
        </button>
      </th>
      <td className="px-2 py-2 text-right font-medium" data-cell="price">
        <LivePrice value={row.price} />
      </td>
      <td className="px-2 py-2 text-right">
        <Change value={row.change_24h} />
      </td>
      <td className="px-2 py-2 text-right max-sm:hidden">{compactDollars(row.volume_24h)}</td>
      <td className="px-2 py-2 text-right max-md:hidden">{compactDollars(row.market_cap)}</td>
      <td className="py-2 pr-4 pl-2 text-right">
        <SourcesCell row={row} />
      </td>
    </tr>
  );
});

function LivePrice({ value }: { value: number | null }) {
  const before = useRef(value);
  const moved = value !== null && before.current !== null ? Math.sign(value - before.current) : 0;
  useEffect(() => {
    before.current = value;
  }, [value]);
  const flash = moved > 0 ? "animate-flash-up" : moved < 0 ? "animate-flash-down" : "";
  // A new key starts the animation again.
  return (
    <span key={value} className={`-mx-1 rounded px-1 ${flash}`}>
      {price(value)}
    </span>
  );
}
