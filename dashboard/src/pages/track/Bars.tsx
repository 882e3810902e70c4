/** Small drawings of shares and differences with their intervals. The figures stand beside them as text. */
import type { Ends } from "../../data/performance.ts";

const [WIDTH, HEIGHT, MIDDLE] = [120, 16, 8];

function Interval({ from, to, at, className }: { from: number; to: number; at: number; className: string }) {
  return (
    <>
      <line x1={from} x2={to} y1={MIDDLE} y2={MIDDLE} strokeWidth="3" strokeLinecap="round" className={`${className} opacity-50`} />
      <circle cx={at} cy={MIDDLE} r="3.5" className={className} />
    </>
  );
}

/** A hit rate between 0 and 100 % with its interval; the upright line is chance (matched entries). */
export function ShareBar({ value, ends, chance }: { value: number; ends: Ends; chance: number | null }) {
  const x = (share: number) => 4 + share * (WIDTH - 8);
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className="h-4 w-30 shrink-0" aria-hidden>
      <line x1={x(0)} x2={x(1)} y1={MIDDLE} y2={MIDDLE} className="stroke-line" />
      <Interval from={x(ends[0])} to={x(ends[1])} at={x(value)} className="fill-accent stroke-accent" />
      {chance !== null && <line x1={x(chance)} x2={x(chance)} y1="1" y2={HEIGHT - 1} strokeWidth="1.5" className="stroke-text" />}
    </svg>
  );
}

/** A difference with its interval around zero; `reach` is the end of the axis on both sides. */
export function DifferenceBar({ value, ends, reach }: { value: number; ends: Ends; reach: number }) {
  const x = (difference: number) => WIDTH / 2 + (Math.max(-reach, Math.min(reach, difference)) / reach) * (WIDTH / 2 - 4);
  const tone = ends[0] > 0 ? "fill-up stroke-up" : ends[1] < 0 ? "fill-down stroke-down" : "fill-line-strong stroke-line-strong";
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className="h-4 w-30 shrink-0" aria-hidden>
      <line x1={WIDTH / 2} x2={WIDTH / 2} y1="0" y2={HEIGHT} className="stroke-line-strong" strokeDasharray="2 2" />
      <Interval from={x(ends[0])} to={x(ends[1])} at={x(value)} className={tone} />
    </svg>
  );
}
