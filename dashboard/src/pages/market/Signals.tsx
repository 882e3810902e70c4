import type { Resource } from "../../data/resource.ts";
import type { List, Signal } from "../../data/types.ts";
import { words } from "../../format/words.ts";
import { Card } from "../../ui/Card.tsx";
import { Ago } from "../../ui/Figures.tsx";
import { Fold } from "../../ui/Fold.tsx";
import { Empty, Shown } from "../../ui/States.tsx";
import { score } from "../../signals/explain/steps.ts";
import { Confidence, Direction, Outcomes, State } from "../../signals/SignalParts.tsx";

interface Props {
  signals: Resource<List<Signal>>;
  onOpen: (signal: Signal) => void;
}

export function Signals({ signals, onOpen }: Props) {
  return (
    <Card title="Signals" className="flex-1 lg:max-h-144" aside={<p className="text-xs text-muted">Choose one to see its evidence</p>}>
      <Shown
        resource={signals}
        label="signals"
        isEmpty={(list) => list.data.length === 0}
        empty={<Empty title="No signals yet">A signal appears when a price, a volume or the news leaves its usual range.</Empty>}
      >
        {(list) => (
          <Fold count={list.data.length} noun="signals" className="scroll-slim min-h-0 flex-1 lg:overflow-y-auto">
            <ul className="fold-items">
              {list.data.map((signal) => (
                <SignalRow key={signal.id} signal={signal} onOpen={onOpen} />
              ))}
            </ul>
          </Fold>
        )}
      </Shown>
    </Card>
  );
}

function SignalRow({ signal, onOpen }: { signal: Signal; onOpen: (signal: Signal) => void }) {
  return (
    <li
      onClick={() => onOpen(signal)}
      className="flex cursor-pointer gap-3 border-b border-line px-4 py-3 last:border-0 hover:bg-raised"
      data-signal={signal.id}
    >
      <Direction of={signal.direction} />
      <div className="min-w-0 flex-1">
        <div className="flex items-baseline justify-between gap-3">
          <button type="button" className="min-w-0 truncate text-left">
            <span className="font-semibold">{signal.symbol}</span> {words(signal.type)}
            {signal.interval && <span className="text-muted"> · {signal.interval}</span>}
            <span className="sr-only">: show evidence</span>
          </button>
          <span className="num shrink-0 font-medium" title="Raw score: how many usual deviations from the usual">
            <span className="text-xs font-normal text-muted">score </span>
            {score(signal.confidence.raw_score)}
          </span>
        </div>
        <div className="mt-1 flex flex-wrap items-center gap-x-2 gap-y-1 text-xs text-muted">
          <Ago at={signal.at} />
          <State of={signal.state} />
          <Confidence signal={signal} />
          <span className="sm:ml-auto">
            <Outcomes outcomes={signal.outcomes} />
          </span>
        </div>
      </div>
    </li>
  );
}
