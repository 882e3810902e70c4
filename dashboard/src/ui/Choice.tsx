/** One of a few: buttons side by side. */
export function Choice<K extends string>({ label, options, value, onChange }: { label: string; options: Record<K, string>; value: K; onChange: (value: K) => void }) {
  return (
    <div role="group" aria-label={label} className="flex w-fit max-w-full flex-wrap rounded-lg bg-raised p-0.5">
      {(Object.entries(options) as [K, string][]).map(([key, name]) => (
        <button
          key={key}
          type="button"
          aria-pressed={key === value}
          onClick={() => onChange(key)}
          className="rounded-md px-2.5 py-1 text-xs font-medium text-muted hover:text-text aria-pressed:bg-surface aria-pressed:text-text aria-pressed:shadow-sm"
        >
          {name}
        </button>
      ))}
    </div>
  );
}
