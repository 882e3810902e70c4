import { useId, type ReactNode } from "react";

interface Props {
  title: string;
  id?: string;
  aside?: ReactNode;
  children: ReactNode;
  className?: string;
}

/** A titled section of a page. */
export function Card({ title, id, aside, children, className = "" }: Props) {
  const label = useId();
  return (
    <section id={id} aria-labelledby={label} className={`flex min-w-0 scroll-mt-18 flex-col rounded-xl border border-line bg-surface shadow-card ${className}`}>
      <div className="flex min-h-12 flex-wrap items-center justify-between gap-x-4 gap-y-2 border-b border-line px-4 py-2">
        <h2 id={label} className="font-semibold">
          {title}
        </h2>
        {aside}
      </div>
      {children}
    </section>
  );
}
