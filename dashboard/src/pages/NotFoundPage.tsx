import { Compass } from "lucide-react";
import { Link } from "react-router";
import { PATHS } from "../paths.ts";
import { Notice } from "../ui/States.tsx";

export function NotFoundPage() {
  return (
    <Notice Icon={Compass} title="There is no page at this address">
      <Link className="text-accent underline" to={PATHS.market}>
        Go to the market page
      </Link>
    </Notice>
  );
}
