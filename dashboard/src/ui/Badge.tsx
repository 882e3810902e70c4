import type { ReactNode } from "react";

export type Tone = "up" | "down" | "warn" | "accent" | "muted";

const SOFT: Record<Tone, string> = {
  up: "bg-up-soft text-up",
  down: "bg-down-soft text-down",
  warn: "bg-warn-soft text-warn",
  accent: "bg-accent-soft text-accent",
  muted: "bg-raised text-muted",
};

const SOLID: Record<Tone, string> = {
  up: "bg-up",
  down: "bg-down",
  warn: "bg-warn",
  accent: "bg-accent",
  muted: "bg-line-strong",
};

export function Badge({ tone = "muted", children, title }: { tone?: Tone; children: ReactNode; title?: string }) {
  return (
    <span title={title} className={`inline-flex items-center gap-1 rounded-md px-1.5 py-0.5 text-2xs font-medium whitespace-nowrap ${SOFT[tone]}`}>
      {children}
    </span>
  );
}

export function Dot({ tone, pulse = false }: { tone: Tone; pulse?: boolean }) {
  return (
    <span className="relative flex size-2.5 shrink-0" aria-hidden>
      {pulse && <span className={`absolute inline-flex size-full animate-ping rounded-full opacity-40 ${SOLID[tone]}`} />}
      <span className={`relative inline-flex size-2.5 rounded-full ${SOLID[tone]}`} />
    </span>
  );
}
