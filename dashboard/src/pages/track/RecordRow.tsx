import { ChevronRight } from "lucide-react";
import { useState } from "react";
import type { TrackRecord } from "../../data/performance.ts";
import { count, fraction, range, share } from "../../format/numbers.ts";
import { words } from "../../format/words.ts";
import { Badge } from "../../ui/Badge.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { toneOf } from "../../ui/Figures.tsx";
import { DifferenceBar, ShareBar } from "./Bars.tsx";
import { Parts } from "./Parts.tsx";
import { CalibrationPart } from "./Reliability.tsx";
import { VerdictBadge } from "./VerdictBadge.tsx";

export const COLUMNS = ["Type", "Outcomes", "Hit rate, 95 %", "Chance", "Lift, 95 %", "Direction", "Mean return", "Verdict"];
/** On narrow screens the opened row tells what the table leaves out. */
export const HIDDEN = ["", "max-md:hidden", "max-md:hidden", "max-xl:hidden", "max-sm:hidden", "max-xl:hidden", "max-xl:hidden", ""];

interface Props {
  record: TrackRecord;
  least: number;
  reach: number;
  symbol: string;
}

const points = (value: number): string => fraction(value, 1);

export function RecordRow({ record, least, reach, symbol }: Props) {
  const [open, setOpen] = useState(false);
  const { hit_rate, hit_rate_95, lift, lift_95, matched, direction, mean_return } = record;
  const cells = [
    count(record.n),
    hit_rate !== null && hit_rate_95 && (
      <span className="flex items-center gap-2">
        <ShareBar value={hit_rate} ends={hit_rate_95} chance={matched.hit_rate} />
        {share(hit_rate)}
      </span>
    ),
    matched.hit_rate !== null && share(matched.hit_rate),
    lift !== null && lift_95 && (
      <span className="flex items-center gap-2" title={`95 %: ${range(lift_95, points)}`}>
        <DifferenceBar value={lift} ends={lift_95} reach={reach} />
        {points(lift)}
        <span className="sr-only">, 95 %: {range(lift_95, points)}</span>
      </span>
    ),
    direction !== null && points(direction),
    mean_return !== null && <span className={toneOf(mean_return)}>{fraction(mean_return)}</span>,
    <VerdictBadge record={record} least={least} />,
  ];
  return (
    <>
      <tr className={`border-line ${open ? "bg-raised" : "border-b last:border-0"}`}>
        <th scope="row" className="px-4 py-2 text-left font-normal">
          <button type="button" aria-expanded={open} onClick={() => setOpen(!open)} className="flex items-center gap-2 text-left">
            <ChevronRight size={14} aria-hidden className={`shrink-0 text-muted ${open ? "rotate-90" : ""}`} />
            <span>
              <span className="font-medium">{words(record.type)}</span>
              <span className="text-muted">
                {" "}
                {record.interval ? `${record.interval} bars, ` : ""}
                {record.horizon} later
              </span>
            </span>
          </button>
        </th>
        {cells.map((cell, index) => (
          <td key={COLUMNS[index + 1]} className={`num px-2 py-2 whitespace-nowrap last:pr-4 ${HIDDEN[index + 1]}`}>
            {cell || <span className="text-muted">–</span>}
          </td>
        ))}
      </tr>
      {open && (
        <tr className="border-b border-line last:border-0">
          <td colSpan={COLUMNS.length} className="px-4 py-4">
            <Opened record={record} least={least} symbol={symbol} />
          </td>
        </tr>
      )}
    </>
  );
}

function Opened({ record, least, symbol }: { record: TrackRecord; least: number; symbol: string }) {
  if (record.n < least) {
    return (
      <p className="text-muted">
        {record.n} of its outcomes are resolved. Below {least} the interval of a hit rate is wider than ±14 points, so nothing else is told. <Badge>{record.status}</Badge>
      </p>
    );
  }
  return (
    <div className="grid grid-cols-1 gap-x-8 gap-y-6 lg:grid-cols-2">
      <section className="min-w-0">
        <Title>How true its probabilities are</Title>
        <CalibrationPart calibration={record.calibration} />
      </section>
      <section className="flex min-w-0 flex-col gap-6">
        <div>
          <Title>In figures</Title>
          <Facts rows={figures(record)} />
        </div>
        <div className="min-w-0">
          <Title>Its parts</Title>
          <Parts record={record} symbol={symbol} />
        </div>
      </section>
    </div>
  );
}

const Title = ({ children }: { children: string }) => <h3 className="mb-2 text-xs font-semibold tracking-wide text-muted uppercase">{children}</h3>;

function figures(one: TrackRecord): [string, string][] {
  const two = (value: number) => fraction(value);
  return [
    ["Hit rate", `${share(one.hit_rate, 1)} (${range(one.hit_rate_95, (value) => share(value, 1))})`],
    ["As far the other way", share(one.opposite_hit_rate, 1)],
    ["Chance: matched entries that hit", `${share(one.matched.hit_rate, 1)} of ${count(one.matched.n)}`],
    ["Lift", `${fraction(one.lift, 1)} (${range(one.lift_95, points)})`],
    ["Direction", `${fraction(one.direction, 1)} (${range(one.direction_95, points)})`],
    ["Mean return, and median", `${fraction(one.mean_return)}, ${fraction(one.median_return)}`],
    ["More than matched entries", `${fraction(one.return_difference)} (${range(one.return_difference_95, two)})`],
    ["Mean best and worst on the way", `${fraction(one.mean_favourable)}, ${fraction(one.mean_adverse)}`],
  ];
}
