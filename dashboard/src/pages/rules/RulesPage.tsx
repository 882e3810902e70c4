import { KeyRound } from "lucide-react";
import { useCallback, useRef, useState } from "react";
import { Link } from "react-router";
import { useResource } from "../../data/resource.ts";
import type { Language, Rule } from "../../data/rules.ts";
import { useSession } from "../../data/session.tsx";
import type { List } from "../../data/types.ts";
import { PATHS } from "../../paths.ts";
import { Loading, Notice } from "../../ui/States.tsx";
import { draftOf, NEW, type Draft } from "./draft.ts";
import { RuleEditor } from "./RuleEditor.tsx";
import { RuleEvents } from "./RuleEvents.tsx";
import { RuleList } from "./RuleList.tsx";

const SCOPE = "write:rules";

/** The reader's own rules: what they are, when they fired, and what a new one would have done. */
export default function RulesPage() {
  const { session } = useSession();
  const { user = null, scopes = [] } = session.data ?? {};
  return (
    <div className="grid grid-cols-1 gap-4">
      <title>Rules · cryptointel</title>
      <h1 className="text-lg font-semibold tracking-tight">Rules</h1>
      {user !== null && scopes.includes(SCOPE) ? <Rules /> : <Needed user={user} />}
    </div>
  );
}

function Needed({ user }: { user: string | null }) {
  return (
    <Notice Icon={KeyRound} title={user === null ? "Log in to have rules of your own" : "Your account may not write rules"}>
      <p>
        A rule watches prices, indicators, news and signals for you, and shows before it is saved what it would have done. Rules belong to a user with the scope{" "}
        <code className="font-mono text-text">{SCOPE}</code>
        {user === null ? "." : ", which the administrator of this server gives."}
      </p>
      {user === null && (
        <p>
          <Link className="text-accent underline" to={PATHS.login}>
            How to get a login link
          </Link>
        </p>
      )}
    </Notice>
  );
}

interface Edited {
  draft: Draft;
  key: number; // another one begins the form anew
}

function Rules() {
  const rules = useResource<List<Rule>>("/rules", { every: 15_000 });
  const language = useResource<{ data: Language }>("/rules/language", { every: 3_600_000 });
  const [edited, setEdited] = useState<Edited>({ draft: NEW, key: 0 });
  const [watched, setWatched] = useState<Rule | null>(null);
  const editor = useRef<HTMLDivElement>(null);
  const begin = useCallback((draft: Draft) => setEdited(({ key }) => ({ draft, key: key + 1 })), []);
  const edit = (rule: Rule) => {
    begin(draftOf(rule));
    editor.current?.scrollIntoView({ behavior: "smooth" });
  };
  const saved = (rule: Rule) => {
    // The form goes on with what was saved: saving twice changes one rule.
    setEdited((before) => ({ ...before, draft: draftOf(rule) }));
    void rules.reload();
  };
  if (language.loading) return <Loading lines={10} label="Loading the language of rules" />; // its examples must not push the form down
  return (
    <div className="grid grid-cols-1 gap-4 lg:grid-cols-12">
      <div ref={editor} className="min-w-0 scroll-mt-18 lg:col-span-7">
        <RuleEditor key={edited.key} start={edited.draft} language={language.data?.data} onSaved={saved} onNew={() => begin(NEW)} />
      </div>
      <div className="min-w-0 lg:col-span-5">
        <RuleList rules={rules} editing={edited.draft.id} onEdit={edit} onEvents={setWatched} onDeleted={(id) => id === edited.draft.id && begin(NEW)} />
      </div>
      {watched && <RuleEvents rule={watched} onClose={() => setWatched(null)} />}
    </div>
  );
}
