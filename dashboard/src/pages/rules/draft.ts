/** A rule while it is being written: what the form holds, and what is sent of it. */
import type { Rule, Timeframe, Way, Wording } from "../../data/rules.ts";

export interface Draft {
  id: string | null; // of the stored rule that is being changed
  name: string;
  expression: string;
  symbols: string; // as typed: "BTC, ETH", "all", "top(20)"
  timeframe: Timeframe;
  direction: Way;
  cooldown: number; // seconds
  notify: boolean;
  period: string; // of the dry run; "" lets the server choose
}

const HOUR = 3600;

export const NEW: Draft = { id: null, name: "", expression: "", symbols: "BTC, ETH", timeframe: "1h", direction: "none", cooldown: HOUR, notify: true, period: "" };

const GROUP = /^(all|top\s*\(\s*\d+\s*\))$/i;

/** A group of symbols is sent as one word, names as a list. */
export function symbolsOf(typed: string): string | string[] {
  const text = typed.trim();
  return GROUP.test(text) ? text : text.split(/[\s,;]+/).filter(Boolean);
}

export const symbolsText = (symbols: string | string[]): string => (typeof symbols === "string" ? symbols : symbols.join(", "));

export const wordingOf = (draft: Draft): Wording => ({
  expression: draft.expression,
  symbols: symbolsOf(draft.symbols),
  timeframe: draft.timeframe,
  direction: draft.direction,
  cooldown_seconds: draft.cooldown,
});

export const draftOf = (rule: Rule): Draft => ({
  ...NEW,
  id: rule.id,
  name: rule.name,
  expression: rule.expression,
  symbols: symbolsText(rule.symbols),
  timeframe: rule.timeframe,
  direction: rule.direction,
  cooldown: rule.cooldown_seconds,
  notify: rule.notify,
});

const COOLDOWNS: [number, string][] = [[300, "5 minutes"], [HOUR, "1 hour"], [4 * HOUR, "4 hours"], [24 * HOUR, "a day"], [168 * HOUR, "a week"]];

const BAR: Record<Timeframe, number> = { "5m": 300, "1h": HOUR, "1d": 24 * HOUR };

/** A draft for other bars; it is quiet for one of them at least, for less is refused. */
export const withTimeframe = (draft: Draft, timeframe: Timeframe): Draft => ({ ...draft, timeframe, cooldown: Math.max(draft.cooldown, BAR[timeframe]) });

/** The usual ones of at least a bar, and the one the draft has. */
export function cooldowns(own: number, timeframe: Timeframe): [string, string][] {
  const usual = COOLDOWNS.filter(([seconds]) => seconds >= BAR[timeframe]);
  const known = usual.some(([seconds]) => seconds === own) ? usual : [...usual, [own, `${own} seconds`] as [number, string]];
  return known.map(([seconds, name]) => [String(seconds), name]);
}
