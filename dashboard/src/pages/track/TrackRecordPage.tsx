import { useEffect, useMemo } from "react";
import { useSearchParams } from "react-router";
import { withQuery } from "../../data/client.ts";
import { observe } from "../../data/clock.ts";
import type { Performance } from "../../data/performance.ts";
import { useResource } from "../../data/resource.ts";
import type { MarketList } from "../../data/types.ts";
import { words } from "../../format/words.ts";
import { Card } from "../../ui/Card.tsx";
import { Ago } from "../../ui/Figures.tsx";
import { Select } from "../../ui/Select.tsx";
import { Empty, Shown } from "../../ui/States.tsx";
import { COLUMNS, HIDDEN, RecordRow } from "./RecordRow.tsx";
import { ALL, chosen, HORIZONS, keyOf, PRIMARY, reachOf, type Wanted } from "./records.ts";
import { LogHead, Words } from "./Words.tsx";

const HORIZON_OPTIONS: [string, string][] = [[PRIMARY, "each type's own"], ...HORIZONS.map((name): [string, string] => [name, `${name} later`]), [ALL, "all"]];

/** What the signals were worth, beside what chance did, with intervals. */
export default function TrackRecordPage() {
  const { wanted, symbol, set } = useFilters();
  const record = useResource<Performance>(withQuery("/signals/performance", { symbol: symbol || undefined }), { every: 300_000 });
  const market = useResource<MarketList>(withQuery("/market-data", { limit: 250 }), { every: 300_000 });
  const measuredAt = record.data?.generated_at;
  useEffect(() => observe(measuredAt), [measuredAt]);
  const types = useMemo(() => [...new Set(record.data?.data.map((one) => one.type))].sort(), [record.data]);
  const named = [...new Set([...types, wanted.type].filter(Boolean))].map((type): [string, string] => [type, words(type)]);
  const symbols = [...new Set([symbol, ...(market.data?.data ?? []).map((row) => row.symbol)].filter(Boolean))];
  return (
    <div className="grid grid-cols-1 gap-4">
      <title>Track record · cryptointel</title>
      <h1 className="text-lg font-semibold tracking-tight">Track record</h1>
      <Card
        title="What signals were worth"
        aside={
          <div className="flex flex-wrap gap-x-4 gap-y-2">
            <Select label="Type" value={wanted.type} options={[["", "all"], ...named]} onChange={(value) => set("type", value)} />
            <Select label="After" value={wanted.horizon} options={HORIZON_OPTIONS} onChange={(value) => set("horizon", value === PRIMARY ? "" : value)} />
            <Select label="Asset" value={symbol} options={[["", "all"], ...symbols.map((name): [string, string] => [name, name])]} onChange={(value) => set("symbol", value)} />
          </div>
        }
      >
        <Shown resource={record} label="track record" lines={10}>
          {(found) => <Records found={found} wanted={wanted} symbol={symbol} />}
        </Shown>
      </Card>
      <div className="grid grid-cols-1 gap-4 lg:grid-cols-2">
        <Words />
        <LogHead />
      </div>
    </div>
  );
}

function Records({ found, wanted, symbol }: { found: Performance; wanted: Wanted; symbol: string }) {
  const shown = chosen(found.data, wanted);
  const reach = reachOf(shown);
  if (shown.length === 0) {
    return <Empty title="No outcomes yet">A signal is measured 1h, 4h, 24h and 7d after it was raised. None of these has been resolved.</Empty>;
  }
  return (
    <>
      <table className="w-full text-left">
        <thead className="text-xs text-muted">
          <tr className="border-b border-line">
            {COLUMNS.map((name, index) => (
              <th key={name} scope="col" className={`px-2 py-2 font-medium first:px-4 last:pr-4 ${HIDDEN[index]}`}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((record) => (
            <RecordRow key={keyOf(record)} record={record} least={found.least_outcomes} reach={reach} symbol={symbol} />
          ))}
        </tbody>
      </table>
      <p className="border-t border-line px-4 py-2 text-xs text-muted">
        The upright line in a hit rate is chance; lifts are drawn around zero, up to ±{Math.round(reach * 100)} points. Signals that became known late are left out. Measured{" "}
        <Ago at={found.generated_at} />.
      </p>
    </>
  );
}

/** The filters, kept in the address so that a link leads to them. */
function useFilters() {
  const [params, setParams] = useSearchParams();
  const wanted: Wanted = { type: params.get("type") ?? "", horizon: params.get("horizon") ?? PRIMARY };
  const set = (name: string, value: string) => {
    const next = new URLSearchParams(params);
    if (value) next.set(name, value);
    else next.delete(name);
    setParams(next, { replace: true, preventScrollReset: true });
  };
  return { wanted, symbol: params.get("symbol") ?? "", set };
}
