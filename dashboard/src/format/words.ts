/** Names from the API as words for people. */

const ACRONYMS = /\b(api|macd|tvl|dex)(s?)\b/gi;

/** price_anomaly → Price anomaly, external_apis → External APIs, macd_cross → MACD cross */
export function words(name: string): string {
  const text = name.replace(/[._-]+/g, " ").trim();
  return (text.charAt(0).toUpperCase() + text.slice(1)).replace(ACRONYMS, (_, letters: string, plural: string) => letters.toUpperCase() + plural);
}

/** The address, when it is one that a click may open; feeds are not to be trusted. */
export function safeUrl(text: string | null | undefined): string | null {
  try {
    const url = new URL(text ?? "");
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}
