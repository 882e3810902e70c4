/** Numbers as text. One fixed locale: the page is in English, and a decimal point must not depend on the reader. */
const LOCALE = "en-US";
export const NONE = "–";
const MINUS = "\u2212"; // as wide as a plus sign, unlike the hyphen

type Maybe = number | null | undefined;

const missing = (value: Maybe): value is null | undefined => value == null || !Number.isFinite(value);

const typographic = (text: string): string => text.replace("-", MINUS);

/** Decimals that show at least four significant digits of a price: 2 for 64,201.50, 8 for 0.00001234. */
export function priceDecimals(price: number): number {
  const size = Math.abs(price);
  if (size === 0 || size >= 1000) return 2;
  if (size >= 1) return size >= 100 ? 2 : 4;
  return Math.min(3 - Math.floor(Math.log10(size)), 16);
}

/** A price in US dollars with as many decimals as it needs; `decimals` fixes them for a whole column or axis. */
export function price(value: Maybe, decimals?: number): string {
  if (missing(value)) return NONE;
  const digits = decimals ?? priceDecimals(value);
  const text = Math.abs(value).toLocaleString(LOCALE, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${value < 0 ? MINUS : ""}$${text}`;
}

/** A large amount in short form: $1.32T, $45.1B, $980K. */
export function compactDollars(value: Maybe): string {
  if (missing(value)) return NONE;
  return `$${value.toLocaleString(LOCALE, { notation: "compact", minimumSignificantDigits: 3, maximumSignificantDigits: 3 })}`;
}

export function count(value: Maybe): string {
  return missing(value) ? NONE : typographic(value.toLocaleString(LOCALE));
}

/** A value that is already in percent, with its sign. */
export function percent(value: Maybe, decimals = 2): string {
  if (missing(value)) return NONE;
  const rounded = value.toFixed(decimals);
  const zero = Number(rounded) === 0;
  const sign = zero ? "" : value > 0 ? "+" : MINUS;
  const text = Math.abs(Number(rounded)).toLocaleString(LOCALE, {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
  return `${sign}${text}%`;
}

/** A fraction (0.012) as percent with its sign. */
export function fraction(value: Maybe, decimals = 2): string {
  return missing(value) ? NONE : percent(value * 100, decimals);
}

/** A share (0.634) in whole percent without a sign: probabilities, hit rates. */
export function share(value: Maybe, decimals = 0): string {
  return missing(value) ? NONE : `${(value * 100).toFixed(decimals)}%`;
}

/** Two ends of an interval: "−14.5% to +24.9%". */
export function range(ends: readonly [number, number] | null | undefined, show: (value: number) => string): string {
  return ends ? `${show(ends[0])} to ${show(ends[1])}` : NONE;
}

/** Any measured number: up to `digits` significant digits, no exponent inside the range people read. */
export function plain(value: Maybe, digits = 6): string {
  if (missing(value)) return NONE;
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-9 || size >= 1e15)) return typographic(value.toExponential(digits - 1));
  return typographic(value.toLocaleString(LOCALE, { maximumSignificantDigits: digits }));
}

/** A plain number with its sign, two decimals: scores. */
export function signed(value: Maybe, decimals = 2): string {
  return percent(value, decimals).replace("%", "");
}
