import type { ReactNode } from "react";

/** Names and what they are, line by line. */
export function Facts({ rows, className = "" }: { rows: [string, ReactNode][]; className?: string }) {
  return (
    <dl className={`num grid grid-cols-[auto_minmax(0,1fr)] gap-x-6 gap-y-1 ${className}`}>
      {rows.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-muted">{name}</dt>
          <dd className="text-right break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
