/** What the API answers of rules: /rules, /rules/dry-run, /rules/language. */
import type { Ends } from "./performance.ts";

export type Timeframe = "5m" | "1h" | "1d";
export type Way = "up" | "down" | "none";

/** What a rule says, as it is sent. */
export interface Wording {
  expression: string;
  symbols: string | string[];
  timeframe: Timeframe;
  direction: Way;
  cooldown_seconds: number;
}

export interface Rule extends Wording {
  id: string;
  name: string;
  enabled: boolean;
  notify: boolean;
  created_at: number;
  updated_at: number;
  last_fired_at: number | null;
  last_error: string | null;
}

/** What followed the firings of a rule, at one horizon. */
export interface Followed {
  horizon: string;
  status: string;
  n: number;
  mean: number | null;
  mean_95: Ends | null;
  hit_share: number | null;
  matched: { mean: number | null; hit_share: number | null };
  lift: number | null;
  lift_95: Ends | null;
}

export interface DryRun {
  timeframe: Timeframe;
  direction: Way;
  bars: number;
  coverage: number;
  holds: number | null;
  fires: number;
  fired: { symbol: string; at: number; price: number }[];
  forward: Followed[];
  warnings: string[];
  period: { from: number; to: number };
  took_ms: number;
}

export interface RuleEvent {
  symbol: string;
  at: number;
  price: number;
  evidence: Record<string, number | null>;
}

export interface Language {
  examples: { expression: string; doc: string }[];
  limits: { characters: number };
  periods: string[];
}
