import * as Tooltip from "@radix-ui/react-tooltip";
import type { ReactNode } from "react";

export const TipProvider = ({ children }: { children: ReactNode }) => <Tooltip.Provider delayDuration={150}>{children}</Tooltip.Provider>;

/** More about an element, on hover and on keyboard focus. The element must take focus. */
export function Tip({ content, children }: { content: ReactNode; children: ReactNode }) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content sideOffset={6} collisionPadding={8} className="z-40 max-w-80 rounded-lg border border-line bg-surface px-3 py-2 text-xs text-text shadow-lg">
          {content}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
