import { useState, type ReactNode } from "react";

const SHOWN = 8; // as in styles.css: .fold-items

/** Long lists scroll inside their card on wide screens; narrow ones show the first eight and a button for the rest. */
export function Fold({ count, noun, className, children }: { count: number; noun: string; className: string; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <div data-fold={open ? "open" : "closed"} className={`relative ${className}`} tabIndex={0} role="group" aria-label={`List of ${noun}`}>
        {children}
      </div>
      {count > SHOWN && (
        <button type="button" onClick={() => setOpen(!open)} aria-expanded={open} className="border-t border-line py-2.5 text-accent lg:hidden">
          {open ? "Show fewer" : `Show all ${count} ${noun}`}
        </button>
      )}
    </>
  );
}
