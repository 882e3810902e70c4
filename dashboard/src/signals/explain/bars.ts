/** Types that measure a bar against those before it. */
import { fraction, plain, price, signed } from "../../format/numbers.ts";
import { baseline, deviation, MISSING, numbers, score, size, step, text, type Derivation, type Evidence } from "./steps.ts";

export function priceAnomaly(evidence: Evidence): Derivation {
  const n = numbers(evidence, "close", "previous_close", "median", "mad", "scale");
  if (!n) return MISSING;
  const elapsed = numbers(evidence, "elapsed_bars")?.elapsed_bars ?? 1;
  const value = Math.log(n.close / n.previous_close) / Math.sqrt(elapsed);
  const recomputed = Math.abs(value - n.median) / n.scale;
  const over = elapsed === 1 ? "" : `, ÷ √${plain(elapsed)} for the bars missing in between`;
  return {
    recomputed,
    steps: [
      step("Move of the bar", `From ${price(n.previous_close)} to ${price(n.close)}: ln(close ÷ previous close)${over}.`, fraction(value, 3)),
      step("Usual move", `Median of ${baseline(evidence)}.`, fraction(n.median, 3)),
      step("Usual deviation", deviation(n.mad, n.scale, (x) => fraction(x, 3)), size(n.scale)),
      step("Score", "|move − usual move| ÷ usual deviation.", score(recomputed)),
    ],
  };
}

export function volumeSpike(evidence: Evidence): Derivation {
  const n = numbers(evidence, "volume", "median", "mad", "scale");
  if (!n) return MISSING;
  const value = Math.log(n.volume);
  const recomputed = (value - n.median) / n.scale;
  const times = plain(n.volume / Math.exp(n.median), 3);
  return {
    recomputed,
    steps: [
      step("Volume of the bar", `${times} times the usual; its logarithm is ${plain(value, 5)}.`, plain(n.volume, 5)),
      step("Usual volume", `Median of ${baseline(evidence)}; its logarithm is ${plain(n.median, 5)}.`, plain(Math.exp(n.median), 5)),
      step("Usual deviation", `Of the logarithms: ${deviation(n.mad, n.scale, (x) => plain(x, 4))}`, plain(n.scale, 4)),
      step("Score", "(logarithm − usual logarithm) ÷ usual deviation.", score(recomputed)),
    ],
  };
}

export function volatilityRegime(evidence: Evidence): Derivation {
  const n = numbers(evidence, "short_volatility", "long_volatility", "median", "mad", "scale", "bars.short", "bars.long", "bars.samples");
  if (!n) return MISSING;
  const ratio = Math.log(n.short_volatility / n.long_volatility);
  const recomputed = Math.abs(ratio - n.median) / n.scale;
  return {
    recomputed,
    steps: [
      step("Volatility now", `Realised over the last ${n["bars.short"]} bars, of one bar.`, size(n.short_volatility)),
      step("Volatility before", `Over the ${n["bars.long"]} bars before those.`, size(n.long_volatility)),
      step("Ratio", `ln(now ÷ before): ${text(evidence, "change")} than usual.`, signed(ratio, 3)),
      step("Usual ratio", `Median of ${n["bars.samples"]} earlier ratios of this asset.`, signed(n.median, 3)),
      step("Usual deviation", deviation(n.mad, n.scale, (x) => plain(x, 4)), plain(n.scale, 4)),
      step("Score", "|ratio − usual ratio| ÷ usual deviation.", score(recomputed)),
    ],
  };
}

export function trendChange(evidence: Evidence): Derivation {
  const n = numbers(evidence, "close", "previous_close", "scale", "clip", "allowance", "cusum_up_before", "cusum_down_before");
  if (!n) return MISSING;
  const z = Math.max(-n.clip, Math.min(n.clip, Math.log(n.close / n.previous_close) / n.scale));
  const up = Math.max(0, n.cusum_up_before + z - n.allowance);
  const down = Math.max(0, n.cusum_down_before - z - n.allowance);
  const recomputed = Math.max(up, down);
  return {
    recomputed,
    steps: [
      step("Usual move of a bar", "From the mean size of the 96 returns before, at least 0.05%.", size(n.scale)),
      step("Move of the bar", `ln(${price(n.close)} ÷ ${price(n.previous_close)}) in usual moves, within ±${n.clip}.`, signed(z)),
      step("Sum upwards", `Before ${score(n.cusum_up_before)}, plus the move, less the allowance of ${n.allowance}; never below 0.`, score(up)),
      step("Sum downwards", `Before ${score(n.cusum_down_before)}, less the move, less the allowance; never below 0.`, score(down)),
      step("Score", "The larger of the two sums (CUSUM).", score(recomputed)),
    ],
  };
}

export function momentumExhaustion(evidence: Evidence): Derivation {
  const n = numbers(evidence, "pivot_close", "pivot_rsi", "pivot_close_before", "pivot_rsi_before", "pivot_bars", "rsi_beyond");
  if (!n) return MISSING;
  const [turn, side] = text(evidence, "turn") === "low" ? (["low", -1] as const) : (["high", 1] as const);
  const recomputed = side * (n.pivot_rsi_before - n.pivot_rsi);
  const beyond = side > 0 ? "above" : "below";
  return {
    recomputed,
    steps: [
      step(`Earlier ${turn}`, `A close of ${price(n.pivot_close_before)}, with an RSI ${beyond} ${n.rsi_beyond}.`, plain(n.pivot_rsi_before, 4)),
      step(`Later ${turn}`, `${price(n.pivot_close)}, ${n.pivot_bars} bars later: the price went further, the RSI did not.`, plain(n.pivot_rsi, 4)),
      step("Score", "Points of RSI(14) between the two.", score(recomputed)),
    ],
  };
}

export function macdCross(evidence: Evidence): Derivation {
  const n = numbers(evidence, "macd_12_26_9", "macd_signal_12_26_9", "macd_histogram_12_26_9_before", "atr_14");
  if (!n) return MISSING;
  const histogram = n.macd_12_26_9 - n.macd_signal_12_26_9;
  const recomputed = Math.abs(histogram) / n.atr_14;
  return {
    recomputed,
    steps: [
      step("Histogram before", "MACD(12, 26, 9) less its signal line, one bar before.", plain(n.macd_histogram_12_26_9_before, 5)),
      step("Histogram now", `${plain(n.macd_12_26_9, 6)} − ${plain(n.macd_signal_12_26_9, 6)}: its sign has changed.`, plain(histogram, 5)),
      step("Usual range of a bar", "ATR(14).", plain(n.atr_14, 5)),
      step("Score", "|histogram| ÷ usual range.", score(recomputed)),
    ],
  };
}

export function squeezeBreakout(evidence: Evidence): Derivation {
  const n = numbers(evidence, "close", "squeeze_middle", "squeeze_deviation", "squeeze_width", "squeeze_age", "lowest_of");
  if (!n) return MISSING;
  const recomputed = Math.abs(n.close - n.squeeze_middle) / n.squeeze_deviation;
  return {
    recomputed,
    steps: [
      step("Squeeze", `Bollinger bands at their narrowest of ${n.lowest_of} bars, ${n.squeeze_age} bars ago: width of the middle.`, size(n.squeeze_width)),
      step("Middle of the bands", "Mean of the 20 closes at the squeeze.", price(n.squeeze_middle)),
      step("Deviation", "Of the same closes.", price(n.squeeze_deviation)),
      step("Score", `|close ${price(n.close)} − middle| ÷ deviation.`, score(recomputed)),
    ],
  };
}

export function correlationBreak(evidence: Evidence): Derivation {
  const n = numbers(evidence, "btc_correlation_short", "btc_correlation_long", "btc_pairs_short", "btc_pairs_long", "near_one");
  if (!n) return MISSING;
  const fisher = (r: number) => Math.atanh(Math.max(-n.near_one, Math.min(n.near_one, r)));
  const apart = fisher(n.btc_correlation_short) - fisher(n.btc_correlation_long);
  const error = Math.sqrt(1 / Math.max(n.btc_pairs_short - 3, 1) + 1 / Math.max(n.btc_pairs_long - 3, 1));
  const recomputed = Math.abs(apart) / error;
  return {
    recomputed,
    steps: [
      step("Correlation now", `Of the last ${n.btc_pairs_short} returns with bitcoin's.`, signed(n.btc_correlation_short)),
      step("Correlation before", `Of the ${n.btc_pairs_long} returns before those.`, signed(n.btc_correlation_long)),
      step("Difference", "atanh(now) − atanh(before): Fisher's transformation.", signed(apart, 3)),
      step("Standard error", `√(1/(${n.btc_pairs_short} − 3) + 1/(${n.btc_pairs_long} − 3)).`, plain(error, 4)),
      step("Score", "|difference| ÷ standard error.", score(recomputed)),
    ],
  };
}
