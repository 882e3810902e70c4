import type { Resource } from "../../data/resource.ts";
import type { Health, SourceHealth, SourceStatus } from "../../data/types.ts";
import { duration } from "../../format/time.ts";
import { words } from "../../format/words.ts";
import { Badge, Dot, type Tone } from "../../ui/Badge.tsx";
import { Card } from "../../ui/Card.tsx";
import { Ago } from "../../ui/Figures.tsx";
import { Fold } from "../../ui/Fold.tsx";
import { Empty, Shown } from "../../ui/States.tsx";

const TONES: Record<SourceStatus, Tone> = { healthy: "up", stale: "warn", failing: "down", "never run": "down", disabled: "muted" };
const HEAD = ["Source", "Status", "Last stored", "Age / expected", "Last error"];

/** Where the data comes from and whether it still comes. */
export function Sources({ health }: { health: Resource<Health> }) {
  return (
    <Card title="Sources" id="sources" className="lg:max-h-120" aside={<Services health={health} />}>
      <Shown
        resource={health}
        label="sources"
        isEmpty={(found) => !found.sources?.length}
        empty={<Empty title="No source has run yet">Each one appears here with its first collection.</Empty>}
      >
        {(found) => (
          <Fold count={found.sources!.length} noun="sources" className="scroll-slim min-h-0 overflow-x-auto lg:overflow-y-auto">
            <table className="w-full text-left">
              <thead className="sticky top-0 bg-surface text-xs text-muted">
                <tr className="border-b border-line">
                  {HEAD.map((name, index) => (
                    <th key={name} scope="col" className={`px-4 py-2 font-medium ${HIDDEN[index] ?? ""}`}>
                      {name}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody className="fold-items">
                {worstFirst(found.sources!).map((source) => (
                  <SourceRow key={`${source.job} ${source.name}`} source={source} />
                ))}
              </tbody>
            </table>
          </Fold>
        )}
      </Shown>
    </Card>
  );
}

/** What needs a look stands first; otherwise the server's order stays. */
export function worstFirst(sources: SourceHealth[]): SourceHealth[] {
  return [...sources].sort((a, b) => SEVERITY.indexOf(a.status) - SEVERITY.indexOf(b.status));
}

const SEVERITY: SourceStatus[] = ["failing", "stale", "never run", "healthy", "disabled"];
const HIDDEN: Record<number, string> = { 2: "max-md:hidden", 4: "max-md:hidden" };

function SourceRow({ source }: { source: SourceHealth }) {
  const age = source.age_seconds === null ? "never" : duration(source.age_seconds * 1000);
  const expected = source.expected_seconds === null ? "any" : duration(source.expected_seconds * 1000);
  return (
    <tr className="border-b border-line last:border-0">
      <th scope="row" className="px-4 py-2 font-normal">
        <span className="font-medium">{source.name}</span> <span className="text-xs text-muted">{source.job}</span>
        {source.last_error && <span className="block text-xs break-words text-down md:hidden">{source.last_error}</span>}
      </th>
      <td className="px-4 py-2 whitespace-nowrap">
        <Badge tone={TONES[source.status] ?? "muted"}>
          <Dot tone={TONES[source.status] ?? "muted"} /> {source.status}
        </Badge>
      </td>
      <td className="px-4 py-2 max-md:hidden">
        <Ago at={source.last_stored} />
      </td>
      <td className="px-4 py-2 whitespace-nowrap">
        {age} <span className="text-muted">/ {expected}</span>
      </td>
      <td className="max-w-96 px-4 py-2 text-xs break-words text-muted max-md:hidden">{source.last_error ?? "none"}</td>
    </tr>
  );
}

const SERVICE: Record<string, Tone> = { healthy: "up", unhealthy: "down" };

function Services({ health }: { health: Resource<Health> }) {
  const services = Object.entries(health.data?.services ?? {});
  return (
    <ul aria-label="Services" className="flex flex-wrap gap-x-3 gap-y-1 text-xs text-muted">
      {services.map(([name, status]) => (
        <li key={name} className="flex items-center gap-1.5">
          <Dot tone={SERVICE[status] ?? "warn"} /> {words(name)} <span className="sr-only">{status}</span>
        </li>
      ))}
    </ul>
  );
}
