import type { ReactNode } from "react";

/** A small table of figures: the first column names the row, the others stand to the right. */
export function DataTable({ head, rows, label }: { head: string[]; rows: { key: string; cells: ReactNode[] }[]; label: string }) {
  return (
    <div className="scroll-slim overflow-x-auto" role="group" tabIndex={0} aria-label={label}>
      <table className="w-full text-right">
        <thead className="text-xs text-muted">
          <tr className="border-b border-line">
            {head.map((name) => (
              <th key={name} scope="col" className="py-1.5 pl-3 font-medium first:pl-0 first:text-left">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, cells: [first, ...others] }) => (
            <tr key={key} className="border-b border-line last:border-0">
              <th scope="row" className="py-1.5 text-left font-medium">
                {first}
              </th>
              {others.map((cell, index) => (
                <td key={head[index + 1]} className="num py-1.5 pl-3 whitespace-nowrap">
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
