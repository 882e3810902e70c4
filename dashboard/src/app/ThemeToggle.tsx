import { Monitor, Moon, Sun } from "lucide-react";
import { choose, nextChoice, useChoice } from "./theme.ts";

const ICONS = { system: Monitor, light: Sun, dark: Moon };
const NAMES = { system: "as the system", light: "light", dark: "dark" };

export function ThemeToggle() {
  const choice = useChoice();
  const Icon = ICONS[choice];
  return (
    <button
      type="button"
      onClick={() => choose(nextChoice(choice))}
      className="rounded-lg p-2 text-muted hover:bg-raised hover:text-text"
      aria-label={`Theme: ${NAMES[choice]}. Change to ${NAMES[nextChoice(choice)]}`}
      title={`Theme: ${NAMES[choice]}`}
    >
      <Icon size={18} aria-hidden />
    </button>
  );
}
