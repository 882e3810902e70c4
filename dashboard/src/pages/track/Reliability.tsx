import type { Calibration } from "../../data/performance.ts";
import { count, fraction, range, share } from "../../format/numbers.ts";
import { instant } from "../../format/time.ts";
import { DataTable } from "../../ui/DataTable.tsx";
import { Facts } from "../../ui/Facts.tsx";

const SIZE = 220;
const [LEFT, TOP, RIGHT, BOTTOM] = [34, 8, 212, 186];
const TICKS = [0, 0.25, 0.5, 0.75, 1];
const LARGEST = 9; // radius of the bin with most outcomes

/** How good the probabilities were: on outcomes that they had not seen. */
export function CalibrationPart({ calibration }: { calibration: Calibration | null | undefined }) {
  if (!calibration) return <p className="text-muted">No probabilities have been fitted yet: that takes 50 outcomes.</p>;
  const bins = calibration.reliability ?? [];
  return (
    <div className="flex flex-wrap items-start gap-x-6 gap-y-3">
      {bins.length > 0 && <Diagram calibration={calibration} />}
      <div className="min-w-56 flex-1">
        <Facts
          rows={[
            ["Brier score", plainly(calibration.brier)],
            ["Skill against the base rate", fraction(calibration.brier_skill, 1)],
            ["Calibration error (ECE)", share(calibration.ece, 1)],
            ["its 95 % interval", range(calibration.ece_95, (value) => share(value, 1))],
            ["Judged on", `${count(calibration.judged)} outcomes`],
            ["Fitted on", `${count(calibration.n)} outcomes`],
            ["Base rate", share(calibration.base_rate, 1)],
            ["Model", calibration.model],
            ["Fitted", instant(calibration.fitted_at)],
          ]}
        />
        {bins.length > 0 && (
          <details className="mt-3">
            <summary className="text-accent">The diagram as a table</summary>
            <DataTable
              label="Reliability by predicted probability"
              head={["Predicted", "Mean", "Came true", "Outcomes"]}
              rows={bins.map((bin) => ({
                key: String(bin.from),
                cells: [range([bin.from, bin.to], share), share(bin.predicted, 1), share(bin.observed, 1), count(bin.n)],
              }))}
            />
          </details>
        )}
      </div>
    </div>
  );
}

const plainly = (value: number | null): string => (value === null ? "–" : value.toFixed(3));

function Diagram({ calibration }: { calibration: Calibration }) {
  const bins = calibration.reliability!;
  const x = (value: number) => LEFT + value * (RIGHT - LEFT);
  const y = (value: number) => BOTTOM - value * (BOTTOM - TOP);
  const most = Math.max(...bins.map((bin) => bin.n));
  const label = `Reliability diagram of ${calibration.judged} outcomes in ${bins.length} bins; the table beside it has the same figures`;
  return (
    <svg viewBox={`0 0 ${SIZE} ${SIZE}`} role="img" aria-label={label} className="size-55 shrink-0">
      <rect x={LEFT} y={TOP} width={RIGHT - LEFT} height={BOTTOM - TOP} className="fill-none stroke-line" />
      <line x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} strokeDasharray="4 3" className="stroke-line-strong" />
      {TICKS.map((tick) => (
        <g key={tick} className="fill-muted text-[9px]">
          <text x={x(tick)} y={BOTTOM + 12} textAnchor="middle">
            {tick * 100}
          </text>
          <text x={LEFT - 5} y={y(tick) + 3} textAnchor="end">
            {tick * 100}
          </text>
        </g>
      ))}
      <g className="fill-muted text-[10px]">
        <text x={(LEFT + RIGHT) / 2} y={SIZE - 6} textAnchor="middle">
          said, in percent
        </text>
        <text transform={`translate(9 ${(TOP + BOTTOM) / 2}) rotate(-90)`} textAnchor="middle">
          came true, in percent
        </text>
      </g>
      <polyline points={bins.map((bin) => `${x(bin.predicted)},${y(bin.observed)}`).join(" ")} className="fill-none stroke-accent opacity-60" />
      {bins.map((bin) => (
        <circle key={bin.from} cx={x(bin.predicted)} cy={y(bin.observed)} r={2 + (LARGEST - 2) * Math.sqrt(bin.n / most)} className="fill-accent opacity-80" />
      ))}
    </svg>
  );
}
