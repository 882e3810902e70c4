/** Instants as text, always UTC: markets have no local time, and two readers must see the same. */
import { NONE } from "./numbers.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const stamp = new Intl.DateTimeFormat("en-GB", {
  timeZone: "UTC",
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

/** 21 Nov 2025, 12:00:00 UTC */
export function instant(ms: number | null | undefined): string {
  return ms == null ? NONE : `${stamp.format(ms)} UTC`;
}

/** A length of time in its largest sensible unit: 12 s, 4 min, 3 h, 2 d. */
export function duration(ms: number | null | undefined): string {
  if (ms == null || !Number.isFinite(ms)) return NONE;
  const size = Math.max(0, ms);
  if (size < MINUTE) return `${Math.floor(size / SECOND)} s`;
  if (size < HOUR) return `${Math.floor(size / MINUTE)} min`;
  if (size < 2 * DAY) return `${Math.floor(size / HOUR)} h`;
  return `${Math.floor(size / DAY)} d`;
}

/** "4 min ago" or "in 2 h", by the server's clock. */
export function ago(ms: number | null | undefined, now: number): string {
  if (ms == null) return NONE;
  const age = now - ms;
  if (age <= -SECOND) return `in ${duration(-age)}`;
  return age < 5 * SECOND ? "now" : `${duration(age)} ago`;
}
