/** What the header offers. A page is added here once it exists: no link leads nowhere. */
import { BellRing, CandlestickChart, Target, type LucideIcon } from "lucide-react";
import { PATHS } from "../paths.ts";

export const NAVIGATION: { path: string; label: string; Icon: LucideIcon }[] = [
  { path: PATHS.market, label: "Market", Icon: CandlestickChart },
  { path: PATHS.trackRecord, label: "Track record", Icon: Target },
  { path: PATHS.rules, label: "Rules", Icon: BellRing },
];
