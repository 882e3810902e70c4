import { History, Pencil, Trash2, type LucideIcon } from "lucide-react";
import { useState } from "react";
import { ApiError, send } from "../../data/client.ts";
import type { Resource } from "../../data/resource.ts";
import type { Rule } from "../../data/rules.ts";
import type { List } from "../../data/types.ts";
import { Badge } from "../../ui/Badge.tsx";
import { Card } from "../../ui/Card.tsx";
import { Ago } from "../../ui/Figures.tsx";
import { Empty, Shown } from "../../ui/States.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { symbolsText } from "./draft.ts";

interface Props {
  rules: Resource<List<Rule>>;
  editing: string | null;
  onEdit: (rule: Rule) => void;
  onEvents: (rule: Rule) => void;
  onDeleted: (id: string) => void;
}

export function RuleList({ rules, ...rest }: Props) {
  return (
    <Card title="Your rules">
      <Shown
        resource={rules}
        label="rules"
        isEmpty={(list) => list.data.length === 0}
        empty={<Empty title="No rules yet">Write one, try it on history, and save it: it is judged at the close of every bar from then on.</Empty>}
      >
        {(list) => (
          <ul>
            {list.data.map((rule) => (
              <RuleRow key={rule.id} rule={rule} reload={rules.reload} {...rest} />
            ))}
          </ul>
        )}
      </Shown>
    </Card>
  );
}

interface RowProps extends Omit<Props, "rules"> {
  rule: Rule;
  reload: () => Promise<void>;
}

function RuleRow({ rule, reload, editing, onEdit, onEvents, onDeleted }: RowProps) {
  const [asked, setAsked] = useState(false);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState("");
  const path = `/rules/${encodeURIComponent(rule.id)}`;

  async function change(work: () => Promise<unknown>): Promise<boolean> {
    setBusy(true);
    setFault("");
    try {
      await work();
      await reload();
      return true;
    } catch (error) {
      setFault(error instanceof ApiError ? error.message : "This did not work.");
      return false;
    } finally {
      setBusy(false);
    }
  }
  const toggle = (enabled: boolean) => void change(() => send("PATCH", path, { enabled }));
  const remove = () => void change(() => send("DELETE", path)).then((done) => done && onDeleted(rule.id));

  return (
    <li className={`flex flex-col gap-1.5 border-b border-line px-4 py-3 last:border-0 ${rule.id === editing ? "bg-raised" : ""}`} data-rule={rule.id}>
      <div className="flex items-center gap-3">
        <p className="min-w-0 flex-1 font-semibold break-words">{rule.name}</p>
        <Switch label={`${rule.name} is watched`} on={rule.enabled} disabled={busy} onChange={toggle} />
      </div>
      <p className="font-mono text-xs break-words">{rule.expression}</p>
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-xs text-muted">
        <Badge>{rule.timeframe}</Badge>
        <span className="max-w-52 truncate">{symbolsText(rule.symbols)}</span>
        <span>
          {rule.last_fired_at === null ? "never fired" : <>last fired <Ago at={rule.last_fired_at} /></>}
        </span>
        {!rule.notify && <Badge>not sent</Badge>}
      </p>
      {rule.last_error && <p className="text-xs break-words text-down">Could not be judged: {rule.last_error}</p>}
      {fault && (
        <p role="alert" className="text-xs text-down">
          {fault}
        </p>
      )}
      {asked ? (
        <p className="flex flex-wrap items-center gap-2 text-xs">
          Delete it with its firings?
          <button type="button" disabled={busy} onClick={remove} className="rounded-lg border border-down px-2.5 py-1 font-medium text-down hover:bg-down-soft">
            Delete
          </button>
          <button type="button" autoFocus onClick={() => setAsked(false)} className="rounded-lg border border-line-strong px-2.5 py-1 hover:bg-surface">
            Keep
          </button>
        </p>
      ) : (
        <p className="flex flex-wrap gap-1">
          <Action Icon={Pencil} name="Edit" of={rule.name} onClick={() => onEdit(rule)} />
          <Action Icon={History} name="Firings" of={rule.name} onClick={() => onEvents(rule)} />
          <Action Icon={Trash2} name="Delete" of={rule.name} onClick={() => setAsked(true)} />
        </p>
      )}
    </li>
  );
}

function Action({ Icon, name, of, onClick }: { Icon: LucideIcon; name: string; of: string; onClick: () => void }) {
  return (
    <button type="button" onClick={onClick} className="-ml-2 inline-flex items-center gap-1.5 rounded-lg px-2 py-1 text-xs text-accent not-first:ml-0 hover:bg-accent-soft">
      <Icon size={13} aria-hidden /> {name}
      <span className="sr-only"> {of}</span>
    </button>
  );
}
