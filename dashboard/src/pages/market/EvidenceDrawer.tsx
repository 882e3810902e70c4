import { CircleCheck, CircleHelp, CircleX } from "lucide-react";
import type { ReactNode } from "react";
import type { Signal } from "../../data/types.ts";
import { fraction, price } from "../../format/numbers.ts";
import { instant } from "../../format/time.ts";
import { words } from "../../format/words.ts";
import { Drawer } from "../../ui/Drawer.tsx";
import { explain, inputs, summary, type Explanation } from "./evidence.ts";
import { score } from "./explainers.ts";
import { Confidence, Direction, outcomeText, outcomeTone, State } from "./SignalParts.tsx";

/** Why a signal was raised, down to its last input, and what came of it. */
export function EvidenceDrawer({ signal, onClose }: { signal: Signal; onClose: () => void }) {
  const explanation = explain(signal);
  return (
    <Drawer
      onClose={onClose}
      title={
        <span className="flex items-center gap-3">
          <Direction of={signal.direction} />
          {signal.symbol} {words(signal.type)}
        </span>
      }
    >
      <p>{summary(signal)}</p>
      <p className="mt-2 flex flex-wrap gap-2">
        <State of={signal.state} />
        <Confidence signal={signal} />
      </p>
      <Part title="How the number came about">
        <Steps explanation={explanation} stored={signal.confidence.raw_score} />
      </Part>
      <Part title="What the price did afterwards">
        <OutcomeTable signal={signal} />
      </Part>
      <Part title="When">
        <Facts
          rows={[
            ["Happened", instant(signal.at)],
            ["Known to us", instant(signal.known_at)],
            ["Expires", instant(signal.expires_at)],
            ["Price then", price(signal.price)],
          ]}
        />
      </Part>
      <Part title="Stored inputs">
        <Facts rows={inputs(signal.evidence).map(({ name, value }) => [name, value])} />
        <p className="mt-3 text-xs break-all text-muted">Signal {signal.id}</p>
      </Part>
    </Drawer>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="mt-6">
      <h3 className="mb-2 text-xs font-semibold tracking-wide text-muted uppercase">{title}</h3>
      {children}
    </section>
  );
}

function Steps({ explanation, stored }: { explanation: Explanation; stored: number }) {
  return (
    <>
      {explanation.steps.length > 0 && (
        <ol className="divide-y divide-line rounded-lg border border-line">
          {explanation.steps.map((step) => (
            <li key={step.what} className="flex items-start justify-between gap-4 px-3 py-2.5">
              <div className="min-w-0">
                <p className="font-medium">{step.what}</p>
                <p className="text-xs break-words text-muted">{step.says}</p>
              </div>
              <p className="num shrink-0 font-medium">{step.figure}</p>
            </li>
          ))}
        </ol>
      )}
      <Verdict explanation={explanation} stored={stored} />
    </>
  );
}

function Verdict({ explanation: { agrees, recomputed }, stored }: { explanation: Explanation; stored: number }) {
  if (agrees === null) {
    return (
      <p className="mt-3 flex gap-2 text-muted">
        <CircleHelp size={18} aria-hidden className="shrink-0" />
        Stored score {score(stored)}. This page does not know how this type is computed; the inputs are below.
      </p>
    );
  }
  const Icon = agrees ? CircleCheck : CircleX;
  return (
    <p className={`mt-3 flex gap-2 ${agrees ? "text-up" : "text-down"}`} data-testid="verdict">
      <Icon size={18} aria-hidden className="shrink-0" />
      {agrees
        ? `Computed again here from the stored inputs: ${score(recomputed!)}, the same as stored.`
        : `Computed again here: ${score(recomputed!)}, but ${score(stored)} is stored.`}
    </p>
  );
}

function OutcomeTable({ signal }: { signal: Signal }) {
  return (
    <table className="w-full text-right">
      <thead className="text-xs text-muted">
        <tr className="border-b border-line">
          {["After", "Return", "Best", "Worst", "Hit"].map((name) => (
            <th key={name} scope="col" className="py-1.5 font-medium first:text-left">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {signal.outcomes.map((outcome) => (
          <tr key={outcome.horizon} className="border-b border-line last:border-0">
            <th scope="row" className="py-1.5 text-left font-medium">
              {outcome.horizon}
            </th>
            <td className={outcomeTone(outcome)}>{outcomeText(outcome)}</td>
            <td>{fraction(outcome.max_favourable)}</td>
            <td>{fraction(outcome.max_adverse)}</td>
            <td>{outcome.hit === null ? "–" : outcome.hit ? "yes" : "no"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Facts({ rows }: { rows: [string, string][] }) {
  return (
    <dl className="num grid grid-cols-[auto_1fr] gap-x-6 gap-y-1">
      {rows.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-muted">{name}</dt>
          <dd className="text-right break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
