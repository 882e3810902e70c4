import { X } from "lucide-react";
import { useEffect, useId, useRef, type ReactNode } from "react";

/** A sheet from the right over the page. The browser's own dialog keeps focus inside and closes on Escape. */
export function Drawer({ title, onClose, children }: { title: ReactNode; onClose: () => void; children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const label = useId();
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={label}
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && onClose()}
      className="animate-sheet fixed inset-y-0 right-0 left-auto m-0 h-dvh max-h-none w-full max-w-xl border-l border-line bg-surface text-text shadow-2xl"
    >
      <div className="flex h-full flex-col">
        <div className="flex items-start justify-between gap-3 border-b border-line px-5 py-4">
          <h2 id={label} className="text-base font-semibold">
            {title}
          </h2>
          <button type="button" onClick={onClose} aria-label="Close" className="-m-1 rounded-lg p-1.5 text-muted hover:bg-raised hover:text-text">
            <X size={18} aria-hidden />
          </button>
        </div>
        <div className="scroll-slim flex-1 overflow-y-auto px-5 py-4">{children}</div>
      </div>
    </dialog>
  );
}
