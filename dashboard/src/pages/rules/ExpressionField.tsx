import { useEffect, useId, useRef } from "react";
import type { Language } from "../../data/rules.ts";
import type { Place } from "./faults.ts";

interface Props {
  value: string;
  onChange: (value: string) => void;
  place: Place | null; // where it is wrong
  language: Language | undefined;
}

/** The expression with examples to begin with; a fault is shown at its character. */
export function ExpressionField({ value, onChange, place, language }: Props) {
  const [field, note] = [useId(), useId()];
  const area = useRef<HTMLTextAreaElement>(null);

  useEffect(() => {
    if (!place || !area.current) return;
    area.current.focus();
    area.current.setSelectionRange(place.position, place.position);
  }, [place?.position, place?.problem]);

  return (
    <div>
      <label htmlFor={field} className="mb-1 block text-xs text-muted">
        Fires on the bar where this turns true
      </label>
      <textarea
        ref={area}
        id={field}
        required
        rows={3}
        maxLength={language?.limits.characters}
        spellCheck={false}
        autoCapitalize="off"
        autoCorrect="off"
        placeholder="rsi(14) crosses below 30"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        aria-invalid={place !== null}
        aria-describedby={place ? note : undefined}
        className="block w-full resize-y rounded-lg border border-line-strong bg-surface px-3 py-2 font-mono placeholder:text-muted aria-invalid:border-down"
      />
      {place && (
        <div id={note} role="alert" className="mt-2 rounded-lg bg-down-soft px-3 py-2 text-down">
          <pre className="scroll-slim overflow-x-auto font-mono text-xs" data-testid="caret">
            {place.excerpt}
          </pre>
          <p className="mt-1">
            Line {place.line}, column {place.column}: {place.problem}
            {place.suggestion && (
              <>
                ; did you mean <code className="font-mono">{place.suggestion}</code>?
              </>
            )}
          </p>
        </div>
      )}
      <ul aria-label="Examples" className="mt-2 flex flex-wrap gap-1.5">
        {language?.examples.map(({ expression, doc }) => (
          <li key={expression}>
            <button type="button" title={expression} onClick={() => onChange(expression)} className="rounded-full border border-line px-2.5 py-1 text-xs text-muted hover:border-line-strong hover:text-text">
              {doc}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
