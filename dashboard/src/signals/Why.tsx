/** Why a signal was raised, down to its last input: the same on its page and in the drawer. */
import { CircleCheck, CircleHelp, CircleX } from "lucide-react";
import type { Signal } from "../data/types.ts";
import { price } from "../format/numbers.ts";
import { instant } from "../format/time.ts";
import { Facts } from "../ui/Facts.tsx";
import { explain, inputs, type Explanation } from "./evidence.ts";
import { score } from "./explain/steps.ts";

/** How the number came about, step by step, computed again. */
export function Steps({ signal }: { signal: Signal }) {
  const explanation = explain(signal);
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
      <Verdict explanation={explanation} stored={signal.confidence.raw_score} />
    </>
  );
}

function Verdict({ explanation: { agrees, recomputed, because }, stored }: { explanation: Explanation; stored: number }) {
  if (agrees === null) {
    return (
      <p className="mt-3 flex gap-2 text-muted">
        <CircleHelp size={18} aria-hidden className="shrink-0" />
        Stored score {score(stored)}. {because ?? "This page does not know how this type is computed; the inputs are below."}
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

export function When({ signal }: { signal: Signal }) {
  return (
    <Facts
      rows={[
        ["Happened", instant(signal.at)],
        ["Known to us", instant(signal.known_at)],
        ["Expires", instant(signal.expires_at)],
        ["Price then", price(signal.price)],
      ]}
    />
  );
}

export function Inputs({ signal }: { signal: Signal }) {
  return (
    <>
      <Facts rows={inputs(signal.evidence).map(({ name, value }) => [name, value])} />
      <p className="mt-3 text-xs break-all text-muted">Signal {signal.id}</p>
    </>
  );
}
