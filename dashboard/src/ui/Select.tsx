import { useId } from "react";

interface Props {
  label: string;
  value: string;
  options: [string, string][];
  onChange: (value: string) => void;
}

/** A labelled list to choose from: value and name of each. */
export function Select({ label, value, options, onChange }: Props) {
  const id = useId();
  return (
    <div className="flex min-w-0 items-center gap-2 text-xs text-muted">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.target.value)} className="min-w-0 rounded-lg border border-line-strong bg-surface px-2 py-1.5 text-text">
        {options.map(([key, name]) => (
          <option key={key} value={key}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}
