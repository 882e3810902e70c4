import { FlaskConical, Save, Square } from "lucide-react";
import { useEffect, useId, useRef, useState, type ReactNode } from "react";
import { ApiError, send } from "../../data/client.ts";
import type { DryRun, Language, Rule, Timeframe, Way } from "../../data/rules.ts";
import { Card } from "../../ui/Card.tsx";
import { Choice } from "../../ui/Choice.tsx";
import { Select } from "../../ui/Select.tsx";
import { cooldowns, withTimeframe, wordingOf, type Draft } from "./draft.ts";
import { DryRunPart } from "./DryRunPart.tsx";
import { ExpressionField } from "./ExpressionField.tsx";
import { placeOf } from "./faults.ts";

const TIMEFRAMES: Record<Timeframe, string> = { "5m": "5m", "1h": "1h", "1d": "1d" };
const WAYS: Record<Way, string> = { up: "up", down: "down", none: "either" };
const PERIODS = ["24h", "7d", "30d", "90d", "1y", "3y"];
const FIELD = "w-full rounded-lg border border-line-strong bg-surface px-3 py-2";
const BUTTON = "inline-flex items-center gap-1.5 rounded-lg px-3 py-2 font-medium disabled:opacity-60";

interface Props {
  start: Draft;
  language: Language | undefined;
  onSaved: (rule: Rule) => void;
  onNew: () => void;
}

interface Saved {
  data: Rule & { dry_run?: DryRun };
}

/** Write a rule, see what it would have done, save it. */
export function RuleEditor({ start, language, onSaved, onNew }: Props) {
  const [draft, setDraft] = useState(start);
  const [tried, setTried] = useState<DryRun | null>(null);
  const [told, setTold] = useState("");
  const { id } = start; // a new rule becomes a stored one with its first saving
  const { work, run, stop, fault, forget } = useWork();
  const [name, symbols] = [useId(), useId()];

  const set = <K extends keyof Draft>(key: K, value: Draft[K]) => {
    setDraft((before) => ({ ...before, [key]: value }));
    setTold("");
    if (key === "expression") forget();
  };
  const setTimeframe = (timeframe: Timeframe) => {
    setDraft((before) => withTimeframe(before, timeframe));
    setTold("");
  };
  const asked = () => ({ ...wordingOf(draft), ...(draft.period ? { period: draft.period } : {}) });
  const dryRun = () =>
    run("trying", async (signal) => {
      setTried(null);
      setTried((await send<{ data: DryRun }>("POST", "/rules/dry-run", asked(), { signal })).data);
    });
  const save = () =>
    run("saving", async (signal) => {
      const body = { ...asked(), name: draft.name.trim(), notify: draft.notify };
      const { data } = await (id ? send<Saved>("PATCH", `/rules/${encodeURIComponent(id)}`, body, { signal }) : send<Saved>("POST", "/rules", body, { signal }));
      const { dry_run, ...rule } = data;
      if (dry_run) setTried(dry_run);
      setTold(id ? "Changed." : "Saved: it is judged from the next bar on.");
      onSaved(rule);
    });

  const place = fault && placeOf(fault);
  return (
    <div className="flex flex-col gap-4">
      <Card
        title={id ? "Change a rule" : "A new rule"}
        aside={
          id && (
            <button type="button" onClick={onNew} className="text-accent underline">
              Write a new one
            </button>
          )
        }
      >
        <form
          className="flex flex-col gap-4 px-4 py-4"
          onSubmit={(event) => {
            event.preventDefault();
            void save();
          }}
        >
          <div>
            <label htmlFor={name} className="mb-1 block text-xs text-muted">
              Name
            </label>
            <input id={name} required maxLength={100} value={draft.name} onChange={(event) => set("name", event.target.value)} className={FIELD} />
          </div>
          <ExpressionField value={draft.expression} onChange={(value) => set("expression", value)} place={place} language={language} />
          <div>
            <label htmlFor={symbols} className="mb-1 block text-xs text-muted">
              Assets: names, or all, or top(20) by rank
            </label>
            <input id={symbols} required value={draft.symbols} onChange={(event) => set("symbols", event.target.value)} spellCheck={false} autoCapitalize="off" className={FIELD} />
          </div>
          <div className="flex flex-wrap items-center gap-x-5 gap-y-3">
            <Labelled label="Bars">
              <Choice label="Length of a bar" options={TIMEFRAMES} value={draft.timeframe} onChange={setTimeframe} />
            </Labelled>
            <Labelled label="Expected way">
              <Choice label="Expected way" options={WAYS} value={draft.direction} onChange={(value) => set("direction", value)} />
            </Labelled>
            <Select label="Quiet after firing" value={String(draft.cooldown)} options={cooldowns(draft.cooldown, draft.timeframe)} onChange={(value) => set("cooldown", Number(value))} />
            <Select label="Try on" value={draft.period} options={[["", "as much as is quick"], ...PERIODS.map((one): [string, string] => [one, one])]} onChange={(value) => set("period", value)} />
            <label className="flex items-center gap-2 text-xs text-muted">
              <input type="checkbox" checked={draft.notify} onChange={(event) => set("notify", event.target.checked)} className="size-4 accent-accent" /> Send to my webhooks
            </label>
          </div>
          {fault && !place && (
            <p role="alert" className="rounded-lg bg-down-soft px-3 py-2 text-down">
              {fault.message}
            </p>
          )}
          <div className="flex flex-wrap items-center gap-2">
            {work === "trying" ? (
              <button type="button" onClick={stop} className={`${BUTTON} border border-line-strong hover:bg-raised`}>
                <Square size={14} aria-hidden /> Stop trying
              </button>
            ) : (
              <button type="button" onClick={() => void dryRun()} disabled={work !== null} className={`${BUTTON} border border-line-strong hover:bg-raised`}>
                <FlaskConical size={15} aria-hidden /> Dry run
              </button>
            )}
            <button type="submit" disabled={work !== null} className={`${BUTTON} bg-accent text-on-accent`}>
              <Save size={15} aria-hidden /> {id ? "Save changes" : "Save"}
            </button>
            <p role="status" className="text-xs text-muted">
              {work === "trying" ? "Trying it on history …" : work === "saving" ? "Trying it on history and saving …" : told}
            </p>
          </div>
        </form>
      </Card>
      {tried && <DryRunPart found={tried} />}
    </div>
  );
}

function Labelled({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center gap-2 text-xs text-muted">
      <span aria-hidden>{label}</span>
      {children}
    </div>
  );
}

type Work = "trying" | "saving";

/** One thing at a time; leaving the page stops it. */
function useWork() {
  const [work, setWork] = useState<Work | null>(null);
  const [fault, setFault] = useState<ApiError | null>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  async function run(kind: Work, task: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const control = (running.current = new AbortController());
    setWork(kind);
    setFault(null);
    try {
      await task(control.signal);
    } catch (error) {
      if (!control.signal.aborted) setFault(error instanceof ApiError ? error : new ApiError("This did not work.", 0));
    } finally {
      if (running.current === control) setWork(null);
    }
  }
  return { work, run, fault, stop: () => running.current?.abort(), forget: () => setFault(null) };
}
