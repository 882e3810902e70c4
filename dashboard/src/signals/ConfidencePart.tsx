import { Link } from "react-router";
import type { Signal } from "../data/types.ts";
import { range, share } from "../format/numbers.ts";
import { PATHS } from "../paths.ts";
import { Badge } from "../ui/Badge.tsx";
import { DataTable } from "../ui/DataTable.tsx";
import { confidenceReason, horizons, insufficient } from "./confidence.ts";

/** A calibrated probability with what it rests on, or what is missing for one. */
export function ConfidencePart({ signal }: { signal: Signal }) {
  const { confidence, confidence_score, direction } = signal;
  const rows = horizons(confidence);
  return (
    <div className="flex flex-col gap-3">
      {confidence_score === null ? (
        <p>
          <Badge>{direction === "none" ? "no direction" : insufficient(confidence.outcomes)}</Badge>
        </p>
      ) : (
        <p className="num flex flex-wrap items-baseline gap-x-3">
          <span className="text-2xl font-semibold tracking-tight">{share(confidence_score)}</span>
          <span className="text-muted">
            95 %: {range(confidence.interval, share)} · usual {share(confidence.base_rate)} · {confidence.outcomes} outcomes
          </span>
        </p>
      )}
      <p className="text-xs text-muted">
        {confidenceReason(signal)}{" "}
        <Link className="text-accent underline" to={`${PATHS.trackRecord}?type=${encodeURIComponent(signal.type)}`}>
          Track record of this type
        </Link>
      </p>
      {rows.length > 0 && (
        <DataTable
          label="Probability by horizon"
          head={["Within", "Probability", "95 %", "Usual", "Outcomes"]}
          rows={rows.map(([horizon, one]) => ({
            key: horizon,
            cells: [horizon, share(one.probability), range(one.interval, share), share(one.base_rate), one.outcomes],
          }))}
        />
      )}
    </div>
  );
}
