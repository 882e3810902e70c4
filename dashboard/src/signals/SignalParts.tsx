/** Pieces of a signal that its row and its evidence share. */
import { ArrowDownRight, ArrowUpRight, CircleDot } from "lucide-react";
import type { Outcome, Signal } from "../data/types.ts";
import { fraction } from "../format/numbers.ts";
import { Badge, type Tone } from "../ui/Badge.tsx";
import { confidenceReason, confidenceText } from "./confidence.ts";

const DIRECTIONS = {
  up: { Icon: ArrowUpRight, className: "bg-up-soft text-up", name: "up" },
  down: { Icon: ArrowDownRight, className: "bg-down-soft text-down", name: "down" },
  none: { Icon: CircleDot, className: "bg-raised text-muted", name: "no direction" },
};

export function Direction({ of }: { of: Signal["direction"] }) {
  const { Icon, className, name } = DIRECTIONS[of] ?? DIRECTIONS.none;
  return (
    <span role="img" aria-label={name} title={name} className={`grid size-8 shrink-0 place-items-center rounded-lg ${className}`}>
      <Icon size={18} aria-hidden />
    </span>
  );
}

export function Confidence({ signal }: { signal: Signal }) {
  const known = signal.confidence_score !== null;
  return (
    <Badge tone={known ? "accent" : "muted"} title={confidenceReason(signal)}>
      <span className="sr-only">confidence: </span>
      {confidenceText(signal)}
    </Badge>
  );
}

const STATES: Record<Signal["state"], Tone> = { active: "accent", resolved: "muted", expired: "muted" };

export const State = ({ of }: { of: Signal["state"] }) => <Badge tone={STATES[of] ?? "muted"}>{of}</Badge>;

export function outcomeText(outcome: Outcome): string {
  return outcome.status === "resolved" ? fraction(outcome.forward_return) : outcome.status;
}

export function outcomeTone(outcome: Outcome): string {
  if (outcome.status !== "resolved" || outcome.hit === null) return "text-muted";
  return outcome.hit ? "text-up" : "text-down";
}

/** What the price did after the signal, at each horizon. */
export function Outcomes({ outcomes }: { outcomes: Outcome[] }) {
  return (
    <ul aria-label="Outcomes" className="num flex flex-wrap gap-x-3 gap-y-0.5 text-xs">
      {outcomes.map((outcome) => (
        <li key={outcome.horizon} className="whitespace-nowrap">
          <span className="text-muted">{outcome.horizon}</span> <span className={outcomeTone(outcome)}>{outcomeText(outcome)}</span>
          {outcome.status === "resolved" && outcome.hit !== null && <span className="sr-only">{outcome.hit ? ", hit" : ", miss"}</span>}
        </li>
      ))}
    </ul>
  );
}
