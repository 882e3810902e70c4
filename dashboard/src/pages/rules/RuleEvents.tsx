import { useResource } from "../../data/resource.ts";
import type { Rule, RuleEvent } from "../../data/rules.ts";
import type { List } from "../../data/types.ts";
import { plain, price } from "../../format/numbers.ts";
import { instant } from "../../format/time.ts";
import { Drawer } from "../../ui/Drawer.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { Empty, Shown } from "../../ui/States.tsx";

const MOST = 100;

/** When a rule fired, with the numbers that made it true. */
export function RuleEvents({ rule, onClose }: { rule: Rule; onClose: () => void }) {
  const events = useResource<List<RuleEvent>>(`/rules/${encodeURIComponent(rule.id)}/events?limit=${MOST}`, { every: 30_000 });
  return (
    <Drawer title={`Firings of ${rule.name}`} onClose={onClose}>
      <p className="font-mono text-xs break-words">{rule.expression}</p>
      <Shown
        resource={events}
        label="firings"
        isEmpty={(list) => list.data.length === 0}
        empty={<Empty title="It has not fired yet">It fires at the close of the first bar on which it turns from false to true.</Empty>}
      >
        {(list) => (
          <ul className="mt-4 divide-y divide-line">
            {list.data.map((event) => (
              <li key={`${event.symbol} ${event.at}`} className="py-3">
                <p className="num flex justify-between gap-3">
                  <span>
                    <span className="font-semibold">{event.symbol}</span> {instant(event.at)}
                  </span>
                  {price(event.price)}
                </p>
                <Facts rows={Object.entries(event.evidence).map(([name, value]) => [name, plain(value)])} className="mt-1 text-xs" />
              </li>
            ))}
          </ul>
        )}
      </Shown>
    </Drawer>
  );
}
