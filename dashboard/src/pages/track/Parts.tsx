import { useState } from "react";
import { withQuery } from "../../data/client.ts";
import type { Performance, TrackRecord } from "../../data/performance.ts";
import { useResource } from "../../data/resource.ts";
import { count, fraction, range, share } from "../../format/numbers.ts";
import { words } from "../../format/words.ts";
import { Choice } from "../../ui/Choice.tsx";
import { DataTable } from "../../ui/DataTable.tsx";
import { Shown } from "../../ui/States.tsx";
import { VerdictBadge } from "./VerdictBadge.tsx";

const BY = { regime: "Market", symbol: "Asset", hour: "Hour (UTC)", weekday: "Weekday" };
type By = keyof typeof BY;

/** The parts of one record; those with fewer than 50 outcomes the server leaves out. */
export function Parts({ record, symbol }: { record: TrackRecord; symbol: string }) {
  const [by, setBy] = useState<By>("regime");
  const { type, interval, horizon } = record;
  const path = withQuery("/signals/performance", { type, interval: interval ?? undefined, horizon, symbol: symbol || undefined, by });
  const parts = useResource<Performance>(path, { every: 300_000 });
  return (
    <div className="flex min-w-0 flex-col gap-2">
      <Choice label="Tell apart by" options={BY} value={by} onChange={setBy} />
      <Shown
        resource={parts}
        label="parts"
        lines={3}
        isEmpty={(found) => found.data.length === 0}
        empty={<p className="py-2 text-muted">No part of it has {parts.data?.least_outcomes ?? 50} outcomes yet.</p>}
      >
        {(found) => (
          <DataTable
            label={`Parts by ${BY[by]}`}
            head={[BY[by], "Outcomes", "Hits", "Lift, 95 %", "Verdict"]}
            rows={found.data.map((one) => ({
              key: String(one.by?.[by]),
              cells: [
                words(String(one.by?.[by] ?? "")),
                count(one.n),
                share(one.hit_rate),
                `${fraction(one.lift, 1)} (${range(one.lift_95, (value) => fraction(value, 1))})`,
                <VerdictBadge record={one} least={found.least_outcomes} />,
              ],
            }))}
          />
        )}
      </Shown>
    </div>
  );
}
