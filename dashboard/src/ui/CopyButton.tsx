import { Check, Link2 } from "lucide-react";
import { useEffect, useState } from "react";

const SHOWN_MS = 2500;

/** Copy an address. Where the browser refuses, show it selected, to be copied by hand. */
export function CopyButton({ value }: { value: string }) {
  const [state, setState] = useState<"" | "copied" | "refused">("");
  useEffect(() => {
    if (state !== "copied") return;
    const timer = setTimeout(() => setState(""), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [state]);

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(value);
      setState("copied");
    } catch {
      setState("refused"); // no permission, or a page without https
    }
  }

  if (state === "refused") {
    return (
      <input readOnly autoFocus value={value} aria-label="Link to copy" onFocus={(event) => event.target.select()} className="w-full max-w-80 rounded-lg border border-line-strong bg-surface px-3 py-1.5 text-xs" />
    );
  }
  const Icon = state === "copied" ? Check : Link2;
  return (
    <button type="button" onClick={() => void copy()} className="inline-flex items-center gap-1.5 rounded-lg border border-line-strong px-3 py-1.5 text-text hover:bg-raised">
      <Icon size={14} aria-hidden />
      <span aria-live="polite">{state === "copied" ? "Link copied" : "Copy link"}</span>
    </button>
  );
}
