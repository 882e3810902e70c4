/** What the API answers of the track record: /signals/performance, /signals/log. */

export type Ends = [number, number];

export interface Bin {
  from: number;
  to: number;
  n: number;
  predicted: number;
  observed: number;
}

export interface Calibration {
  id: number;
  status: string;
  model: string;
  n: number;
  judged: number; // outcomes that the probabilities had not seen
  brier: number | null;
  brier_skill: number | null;
  ece: number | null;
  ece_95: Ends | null;
  base_rate: number;
  reliability: Bin[] | null;
  fitted_at: number;
}

export interface TrackRecord {
  type: string;
  interval: string | null;
  horizon: string;
  n: number;
  hits: number | null;
  status: string;
  verdict: string;
  hit_rate: number | null;
  hit_rate_95: Ends | null;
  opposite_hit_rate: number | null;
  matched: { signals: number; n: number; hit_rate: number | null; mean_return: number | null };
  lift: number | null;
  lift_95: Ends | null;
  direction: number | null;
  direction_95: Ends | null;
  mean_return: number | null;
  median_return: number | null;
  return_difference: number | null;
  return_difference_95: Ends | null;
  mean_favourable: number | null;
  mean_adverse: number | null;
  calibration?: Calibration | null;
  by?: Record<string, string | number>;
}

export interface Performance {
  data: TrackRecord[];
  least_outcomes: number;
  generated_at: number;
}

export interface SignalLog {
  head: { seq: number; hash: string; at: number } | null;
}
