import { LogOut } from "lucide-react";
import { Link, NavLink } from "react-router";
import { send } from "../data/client.ts";
import { useSession } from "../data/session.tsx";
import { PATHS } from "../paths.ts";
import { HealthDot } from "./HealthDot.tsx";
import { Logo } from "./Logo.tsx";
import { ThemeToggle } from "./ThemeToggle.tsx";
import { NAVIGATION } from "./navigation.ts";

export function Header() {
  return (
    <header className="sticky top-0 z-20 border-b border-line bg-surface">
      <div className="mx-auto flex h-14 max-w-[1720px] items-center gap-2 px-3 sm:gap-6 sm:px-5">
        <Link to={PATHS.market} className="flex items-center gap-2.5 font-semibold tracking-tight" aria-label="cryptointel, start page">
          <Logo />
          <span className="max-sm:sr-only">cryptointel</span>
        </Link>
        <nav aria-label="Pages" className="flex h-full flex-1 items-stretch overflow-x-auto">
          {NAVIGATION.map(({ path, label, Icon }) => (
            <NavLink
              key={path}
              to={path}
              end
              title={label}
              className="flex items-center gap-2 border-b-2 border-transparent px-3 whitespace-nowrap text-muted hover:text-text aria-[current=page]:border-accent aria-[current=page]:text-text"
            >
              <Icon size={16} aria-hidden />
              <span className="max-sm:sr-only">{label}</span>
            </NavLink>
          ))}
        </nav>
        <div className="flex items-center gap-0.5">
          <HealthDot />
          <ThemeToggle />
          <Leave />
        </div>
      </div>
    </header>
  );
}

function Leave() {
  const { session } = useSession();
  if (!session.data?.user) return null;
  return (
    <button
      type="button"
      onClick={() => void send("DELETE", "/auth/session").finally(session.reload)}
      className="rounded-lg p-2 text-muted hover:bg-raised hover:text-text"
      aria-label={`Log out ${session.data.user}`}
      title={`Log out ${session.data.user}`}
    >
      <LogOut size={18} aria-hidden />
    </button>
  );
}
