/** What the API answers: /api/v1. Instants are milliseconds UTC. */

export interface PriceSource {
  source: string;
  price: number;
  at: number;
  used: boolean;
}

export interface MarketRow {
  symbol: string;
  id: string;
  name: string;
  rank: number | null;
  price: number | null;
  change_24h: number | null;
  open_24h: number | null;
  high_24h: number | null;
  low_24h: number | null;
  volume_24h: number | null;
  market_cap: number | null;
  at: number | null;
  known_at: number | null;
  consensus: "agreed" | "single" | "none";
  spread_bps: number | null;
  sources: PriceSource[];
}

export interface List<T> {
  data: T[];
  next_cursor: string | null;
}

export interface MarketList extends List<MarketRow> {
  as_of: number;
}

export type Interval = "5m" | "1h" | "1d";

/** open_time, open, high, low, close, volume */
export type Bar = [number, number, number, number, number, number];

export interface History {
  symbol: string;
  interval: string;
  columns: string[];
  data: Bar[];
  source: string | null;
  gaps: number;
}

export interface Outcome {
  horizon: string;
  status: "pending" | "resolved" | "no data";
  forward_return: number | null;
  max_favourable: number | null;
  max_adverse: number | null;
  hit: boolean | null;
}

/** What one probability rests on: outcomes of the same type, bar length and horizon. */
export interface Chance {
  probability: number | null;
  interval: [number, number] | null;
  base_rate: number | null;
  outcomes: number;
}

export interface Confidence {
  status: "insufficient data" | "calibrated";
  raw_score: number;
  outcomes: number;
  horizon?: string | null;
  base_rate?: number | null;
  interval?: [number, number] | null;
  by_horizon?: Record<string, Chance>;
}

export interface Signal {
  id: string;
  type: string;
  symbol: string;
  name: string;
  direction: "up" | "down" | "none";
  confidence_score: number | null;
  confidence: Confidence;
  state: "active" | "resolved" | "expired";
  at: number;
  known_at: number;
  expires_at: number | null;
  interval: string | null;
  price: number | null;
  evidence: Record<string, unknown>;
  outcomes: Outcome[];
  created_at: number;
}

/** Random entries of the same asset at the same hour of the day, in the days before; returns in the signal's direction. */
export interface Matched {
  horizon: string;
  n: number;
  hits: number | null;
  mean_return: number | null;
}

export interface SignalDetail extends Signal {
  permalink: string;
  articles: Article[];
  matched: Matched[];
  chart: { interval: Interval; source: string | null; data: Bar[] } | null;
}

export interface Article {
  id: string;
  title: string;
  url: string;
  source: string;
  summary: string | null;
  at: number;
  known_at: number;
  sentiment: { score: number; label: string; model: string } | null;
  symbols: string[];
}

export type SourceStatus = "healthy" | "stale" | "failing" | "never run" | "disabled";

export interface SourceHealth {
  name: string;
  job: string;
  status: SourceStatus;
  last_ok: number | null;
  last_stored: number | null;
  last_error: string | null;
  age_seconds: number | null;
  expected_seconds: number | null;
}

export interface Health {
  status: string;
  timestamp: number | string;
  services?: Record<string, string>;
  metrics?: { uptime: string; response_time_ms: number; error_rate: string };
  sources?: SourceHealth[];
  demo?: boolean;
}

export interface Session {
  user: string | null;
  role: string | null;
  scopes: string[];
  demo: boolean;
  public_read: boolean;
  now: number;
}

export interface Regime {
  regime: string;
  trend: "bull" | "bear" | "sideways" | null;
  volatility: string | null;
  breadth: { above_average: number; assets: number; average_days: number };
}

export interface Psychology {
  state: string;
  index: number | null; // 0 all fear, 100 all greed
  missing: string[];
}
