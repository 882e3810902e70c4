import { withQuery } from "../../data/client.ts";
import type { SignalLog } from "../../data/performance.ts";
import { useResource } from "../../data/resource.ts";
import { count } from "../../format/numbers.ts";
import { instant } from "../../format/time.ts";
import { Card } from "../../ui/Card.tsx";
import { Empty, Shown } from "../../ui/States.tsx";

const WORDS: [string, string][] = [
  ["Hit", "The price moved the way the signal said, by more than half of what it usually moves in that time."],
  ["Chance (matched)", "The share of hits among random entries of the same asset at the same hour of the day, in the 90 days before each signal."],
  ["Lift", "Hit rate less chance, in percentage points, with the interval that holds the truth 95 times in 100; days count once, for what happens on one day happens at once."],
  ["Direction", "What is left of the lift when moves as far the other way are taken off: after a jump prices move more in both directions, and that alone is no skill."],
  ["Edge", "Claimed only where the intervals of lift and direction both lie above zero."],
  ["No edge shown", "A normal result: zero lies in an interval, so what was measured may be chance. It is shown all the same."],
  ["Insufficient data", "Fewer than 50 outcomes are resolved. No rate and no probability is told until then."],
];

/** What the figures of this page mean, each in a sentence. */
export function Words() {
  return (
    <Card title="What the words mean">
      <dl className="grid grid-cols-1 gap-x-6 gap-y-2 px-4 py-3 sm:grid-cols-[auto_minmax(0,1fr)]">
        {WORDS.map(([word, says]) => (
          <div key={word} className="sm:contents">
            <dt className="font-medium">{word}</dt>
            <dd className="text-muted">{says}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

/** The head of the hash-chained log: whoever keeps it can tell later that nothing before it was changed. */
export function LogHead() {
  const log = useResource<SignalLog>(withQuery("/signals/log", { limit: 1 }), { every: 60_000 });
  return (
    <Card title="The log behind it">
      <Shown resource={log} label="log" lines={3} isEmpty={(found) => found.head === null} empty={<Empty title="Nothing is logged yet">The first signal begins the log.</Empty>}>
        {({ head }) => (
          <div className="flex flex-col gap-2 px-4 py-3">
            <p>
              Every signal and every outcome is an entry of a log in which each entry carries the hash of the one before. Keep the newest hash, and nobody can change what came before without
              you noticing.
            </p>
            <p className="text-muted">
              Entry {count(head!.seq)}, {instant(head!.at)}:
            </p>
            <code className="rounded-lg border border-line bg-raised px-3 py-2 font-mono text-xs break-all" data-testid="log-head">
              {head!.hash}
            </code>
            <p className="text-muted">
              Verify with <code className="font-mono text-text">cryptointel verify</code>; all entries are at{" "}
              <a className="text-accent underline" href="/api/v1/signals/log">
                /api/v1/signals/log
              </a>
              .
            </p>
          </div>
        )}
      </Shown>
    </Card>
  );
}
