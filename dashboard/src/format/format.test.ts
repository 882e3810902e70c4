import { describe, expect, test } from "vitest";
import { compactDollars, count, fraction, percent, plain, price, priceDecimals } from "./numbers.ts";
import { ago, duration, instant } from "./time.ts";
import { safeUrl, words } from "./words.ts";

describe("prices", () => {
  test.each([
    [86412.374, "$86,412.37"],
    [2814.5, "$2,814.50"],
    [131.07, "$131.07"],
    [1.9642, "$1.9642"],
    [0.99981, "$0.9998"],
    [0.000008113, "$0.000008113"],
    [0.0000000123, "$0.00000001230"],
    [0, "$0.00"],
    [null, "–"],
    [undefined, "–"],
    [NaN, "–"],
    [Infinity, "–"],
  ])("%s reads %s", (value, text) => expect(price(value)).toBe(text));

  test("decimals may be fixed for an axis", () => expect(price(86000, priceDecimals(0.5))).toBe("$86,000.0000"));
});

describe("other numbers", () => {
  test.each([
    [1.72e12, "$1.72T"],
    [980_400, "$980K"],
    [12, "$12.0"],
    [null, "–"],
  ])("compact %s", (value, text) => expect(compactDollars(value)).toBe(text));

  test.each([
    [-2.312, "−2.31%"],
    [11.7, "+11.70%"],
    [-0.001, "0.00%"],
    [1234.5, "+1,234.50%"],
    [null, "–"],
  ])("percent %s", (value, text) => expect(percent(value)).toBe(text));

  test("fractions are shown in percent", () => expect(fraction(-0.0217, 1)).toBe("−2.2%"));
  test("counts are grouped", () => expect(count(-12345)).toBe("−12,345"));
  test.each([
    [0.0019, "0.0019"],
    [1234567.891, "1,234,570"],
    [1.5e-12, "1.50000e−12"],
  ])("plain %s", (value, text) => expect(plain(value)).toBe(text));
});

describe("times", () => {
  const now = Date.UTC(2025, 10, 21, 12);
  test("instants are UTC whatever the reader's zone", () => expect(instant(now)).toBe("21 Nov 2025, 12:00:00 UTC"));
  test.each([
    [0, "now"],
    [-900, "now"], // a clock a little behind is not the future
    [59_000, "59 s ago"],
    [3_599_000, "59 min ago"],
    [36 * 3_600_000, "36 h ago"],
    [49 * 3_600_000, "2 d ago"],
    [-120_000, "in 2 min"],
  ])("an age of %s ms reads %s", (age, text) => expect(ago(now - age, now)).toBe(text));
  test("no time is no text", () => expect([ago(null, now), duration(null), instant(undefined)]).toEqual(["–", "–", "–"]));
});

describe("text from outside", () => {
  test.each([
    ["https://news.example/a?b=1", "https://news.example/a?b=1"],
    ["http://news.example", "http://news.example/"],
    ["javascript:alert(1)", null],
    ["\tjava\nscript:alert(1)", null],
    ["data:text/html,<script>1</script>", null],
    ["//news.example", null],
    ["/relative", null],
    ["", null],
    [null, null],
  ])("%s opens %s", (text, url) => expect(safeUrl(text)).toBe(url));
  test("names become words", () => {
    expect(["price_anomaly", "external_apis", "macd_cross"].map(words)).toEqual(["Price anomaly", "External APIs", "MACD cross"]);
  });
});
