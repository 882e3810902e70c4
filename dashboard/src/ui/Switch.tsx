/** On or off at once. */
export function Switch({ label, on, disabled, onChange }: { label: string; on: boolean; disabled?: boolean; onChange: (on: boolean) => void }) {
  return (
    <button
      type="button"
      role="switch"
      aria-checked={on}
      aria-label={label}
      disabled={disabled}
      onClick={() => onChange(!on)}
      className="relative h-5 w-9 shrink-0 rounded-full bg-line-strong transition-colors disabled:opacity-60 aria-checked:bg-accent"
    >
      <span className={`absolute top-0.5 left-0.5 size-4 rounded-full bg-surface transition-transform ${on ? "translate-x-4" : ""}`} />
    </button>
  );
}
