/** The chart library behind a few calls: create, colour, fill. */
import {
  CandlestickSeries,
  ColorType,
  createChart,
  createSeriesMarkers,
  CrosshairMode,
  HistogramSeries,
  LineStyle,
  type IChartApi,
  type IPriceLine,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  type Time,
} from "lightweight-charts";
import type { Bar, Signal } from "../data/types.ts";
import { price } from "../format/numbers.ts";
import { markers, volumes, withGaps } from "./candles.ts";

export interface Chart {
  api: IChartApi;
  candles: ISeriesApi<"Candlestick">;
  volume: ISeriesApi<"Histogram">;
  marks: ISeriesMarkersPluginApi<Time>;
  live?: IPriceLine;
}

const color = (token: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${token}`).trim();
const faint = (hex: string): string => `${hex}55`;

export function createCandles(element: HTMLElement): Chart {
  const api = createChart(element, {
    autoSize: true,
    // The logo would bring a style element, which the content policy forbids; the page's footer names the library.
    layout: { attributionLogo: false, fontSize: 11, fontFamily: getComputedStyle(document.body).fontFamily },
    crosshair: { mode: CrosshairMode.Normal },
    localization: { locale: "en-GB" },
    timeScale: { timeVisible: true, borderVisible: false, rightOffset: 4 },
    rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.08, bottom: 0.24 } },
    handleScroll: { vertTouchDrag: false },
  });
  const candles = api.addSeries(CandlestickSeries, { borderVisible: false, priceLineVisible: false, lastValueVisible: false });
  const volume = api.addSeries(HistogramSeries, {
    priceScaleId: "",
    priceFormat: { type: "volume" },
    priceLineVisible: false,
    lastValueVisible: false,
  });
  volume.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
  return { api, candles, volume, marks: createSeriesMarkers(candles, []) };
}

/** Take the colours of the theme in use. */
export function paint({ api, candles, live }: Chart): void {
  const [up, down, line] = [color("up"), color("down"), color("line")];
  api.applyOptions({
    layout: { background: { type: ColorType.Solid, color: color("surface") }, textColor: color("muted") },
    grid: { vertLines: { color: line }, horzLines: { color: line } },
  });
  candles.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down });
  live?.applyOptions({ color: color("accent"), axisLabelColor: color("accent"), axisLabelTextColor: color("on-accent") });
}

export function fill(chart: Chart, bars: Bar[], step: number, decimals: number): void {
  chart.candles.applyOptions({
    priceFormat: { type: "custom", minMove: 10 ** -decimals, formatter: (value: number) => price(value, decimals) },
  });
  chart.candles.setData(withGaps(bars, step));
  chart.volume.setData(volumes(bars, faint(color("up")), faint(color("down"))));
}

export function mark(chart: Chart, bars: Bar[], step: number, signals: Signal[]): void {
  const colors = { up: color("up"), down: color("down"), none: color("accent") };
  chart.marks.setMarkers(markers(bars, step, signals, colors));
}

/** A line at the price right now: between two closed bars it is what moves. */
export function showLive(chart: Chart, value: number | null): void {
  if (value === null) {
    if (chart.live) chart.candles.removePriceLine(chart.live);
    chart.live = undefined;
    return;
  }
  if (chart.live) {
    chart.live.applyOptions({ price: value });
    return;
  }
  chart.live = chart.candles.createPriceLine({ price: value, lineStyle: LineStyle.Dashed, lineWidth: 1, axisLabelVisible: true, title: "" });
  paint(chart);
}

/** Show the newest bars, as many as are readable; the rest is one drag away. */
export function showNewest(chart: Chart, points: number): void {
  const width = chart.api.timeScale().width() || 500;
  const visible = Math.max(30, Math.min(points, Math.floor(width / 6)));
  chart.api.timeScale().setVisibleLogicalRange({ from: points - visible, to: points + 3 });
}
