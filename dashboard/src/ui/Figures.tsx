/** Small pieces of text that many parts show: ages, changes, links to elsewhere. */
import type { ReactNode } from "react";
import { useServerNow } from "../data/clock.ts";
import { percent } from "../format/numbers.ts";
import { ago, instant } from "../format/time.ts";
import { safeUrl } from "../format/words.ts";

export function Ago({ at }: { at: number | null | undefined }) {
  const now = useServerNow();
  if (at == null) return <span>never</span>;
  return (
    <time dateTime={new Date(at).toISOString()} title={instant(at)} className="whitespace-nowrap">
      {ago(at, now)}
    </time>
  );
}

export const toneOf = (value: number | null | undefined): string =>
  !value ? "text-muted" : value > 0 ? "text-up" : "text-down";

/** A change in percent, coloured and signed: colour is never the only difference. */
export function Change({ value }: { value: number | null | undefined }) {
  return <span className={`num ${toneOf(value)}`}>{percent(value)}</span>;
}

/** A link out of the page, or its text alone where the address is not one to open. */
export function Outside({ href, children, className }: { href: string; children: ReactNode; className?: string }) {
  const url = safeUrl(href);
  if (!url) return <span className={className}>{children}</span>;
  return (
    <a href={url} target="_blank" rel="noopener noreferrer" className={`${className ?? ""} hover:underline`}>
      {children}
    </a>
  );
}
