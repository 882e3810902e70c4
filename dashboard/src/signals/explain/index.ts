/** One function per signal type: the arithmetic of its detector (shared/signals/detectors), done again step by step. */
import * as bars from "./bars.ts";
import * as compound from "./compound.ts";
import * as counts from "./counts.ts";
import * as tables from "./tables.ts";
import type { Explainer } from "./steps.ts";

export const EXPLAINERS: Record<string, Explainer> = {
  correlation_break: bars.correlationBreak,
  dex_volume_spike: tables.dexVolumeSpike,
  entity_momentum: counts.entityMomentum,
  exchange_divergence: tables.exchangeDivergence,
  funding_extreme: tables.fundingExtreme,
  liquidity_anomaly: tables.liquidityAnomaly,
  liquidity_cascade: compound.liquidityCascade,
  macd_cross: bars.macdCross,
  market_stress: counts.marketStress,
  metric_anomaly: tables.metricAnomaly,
  momentum_exhaustion: bars.momentumExhaustion,
  new_pair: counts.newPair,
  news_burst: counts.newsBurst,
  open_interest_shock: tables.openInterestShock,
  order_book_imbalance: tables.orderBookImbalance,
  price_anomaly: bars.priceAnomaly,
  pump_dump: compound.pumpDump,
  risk_reversal: tables.riskReversal,
  sentiment_shift: tables.sentimentShift,
  squeeze_breakout: bars.squeezeBreakout,
  stablecoin_depeg: tables.stablecoinDepeg,
  trend_change: bars.trendChange,
  tvl_anomaly: tables.tvlAnomaly,
  volatility_regime: bars.volatilityRegime,
  volume_breakout: compound.volumeBreakout,
  volume_spike: bars.volumeSpike,
  whale_accumulation: compound.whaleAccumulation,
};
