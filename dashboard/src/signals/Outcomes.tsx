/** What the price did after a signal, beside what it did after random entries like it. */
import type { Matched, Signal } from "../data/types.ts";
import { fraction, share } from "../format/numbers.ts";
import { DataTable } from "../ui/DataTable.tsx";
import { toneOf } from "../ui/Figures.tsx";
import { outcomeText, outcomeTone } from "./SignalParts.tsx";

export function OutcomeTable({ signal }: { signal: Signal }) {
  return (
    <DataTable
      label="Outcomes by time"
      head={["After", "Return", "Best", "Worst", "Hit"]}
      rows={signal.outcomes.map((outcome) => ({
        key: outcome.horizon,
        cells: [
          outcome.horizon,
          <span className={outcomeTone(outcome)}>{outcomeText(outcome)}</span>,
          fraction(outcome.max_favourable),
          fraction(outcome.max_adverse),
          outcome.hit === null ? "–" : outcome.hit ? "yes" : "no",
        ],
      }))}
    />
  );
}

export function MatchedTable({ matched }: { matched: Matched[] }) {
  if (matched.length === 0) {
    return <p className="text-muted">No random entries were drawn: there were not enough bars before it, or no outcome is resolved yet.</p>;
  }
  return (
    <DataTable
      label="Random entries by time"
      head={["After", "Entries", "Hits", "Mean return"]}
      rows={matched.map(({ horizon, n, hits, mean_return }) => ({
        key: horizon,
        cells: [
          horizon,
          n,
          hits === null || n === 0 ? "–" : share(hits / n),
          <span className={toneOf(mean_return)}>{fraction(mean_return)}</span>,
        ],
      }))}
    />
  );
}
