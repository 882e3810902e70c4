import { ArrowUpRight } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Signal } from "../../data/types.ts";
import { words } from "../../format/words.ts";
import { signalPath } from "../../paths.ts";
import { ConfidencePart } from "../../signals/ConfidencePart.tsx";
import { summary } from "../../signals/evidence.ts";
import { newsText } from "../../signals/NewsPart.tsx";
import { OutcomeTable } from "../../signals/Outcomes.tsx";
import { Direction, State } from "../../signals/SignalParts.tsx";
import { Inputs, Steps, When } from "../../signals/Why.tsx";
import { Drawer } from "../../ui/Drawer.tsx";

/** A signal without leaving the page: why it was raised, and what came of it. */
export function EvidenceDrawer({ signal, onClose }: { signal: Signal; onClose: () => void }) {
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
      <p className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-2">
        <State of={signal.state} />
        <Link to={signalPath(signal.id)} className="inline-flex items-center gap-1 text-accent underline">
          Open page <ArrowUpRight size={14} aria-hidden />
        </Link>
      </p>
      <Part title="How the number came about">
        <Steps signal={signal} />
      </Part>
      <Part title="Confidence">
        <ConfidencePart signal={signal} />
      </Part>
      <Part title="News">
        <p>{newsText(signal)}</p>
      </Part>
      <Part title="What the price did afterwards">
        <OutcomeTable signal={signal} />
      </Part>
      <Part title="When">
        <When signal={signal} />
      </Part>
      <Part title="Stored inputs">
        <Inputs signal={signal} />
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
