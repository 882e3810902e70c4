import type { TrackRecord } from "../../data/performance.ts";
import { Badge, type Tone } from "../../ui/Badge.tsx";

const TONES: Record<string, Tone> = { edge: "up", "no edge shown": "warn" };
const TITLES: Record<string, string> = {
  edge: "The 95 % intervals of lift and direction both lie above zero",
  "no edge shown": "An interval contains zero: what was measured may be chance",
  "no direction": "Signals of this type call no direction, so none can come true",
};

export function VerdictBadge({ record, least }: { record: TrackRecord; least: number }) {
  const few = record.n < least;
  return (
    <Badge tone={few ? "muted" : (TONES[record.verdict] ?? "muted")} title={TITLES[record.verdict]}>
      {record.verdict === "insufficient data" ? <Few n={few ? record.n : record.matched.signals} least={least} /> : record.verdict}
    </Badge>
  );
}

/** "insufficient data: 12 of 50 outcomes", on narrow screens for the ear alone in full. */
function Few({ n, least }: { n: number; least: number }) {
  return (
    <span>
      <span className="max-sm:sr-only">insufficient data: </span>
      {n} of {least} outcomes
    </span>
  );
}
