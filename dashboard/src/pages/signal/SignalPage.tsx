import { ArrowLeft, SearchX } from "lucide-react";
import { lazy, Suspense, type ReactNode } from "react";
import { Link, useParams } from "react-router";
import { ErrorBoundary } from "../../app/ErrorBoundary.tsx";
import { useResource } from "../../data/resource.ts";
import type { Signal, SignalDetail } from "../../data/types.ts";
import { words } from "../../format/words.ts";
import { PATHS } from "../../paths.ts";
import { ConfidencePart } from "../../signals/ConfidencePart.tsx";
import { summary } from "../../signals/evidence.ts";
import { Articles, newsText } from "../../signals/NewsPart.tsx";
import { MatchedTable, OutcomeTable } from "../../signals/Outcomes.tsx";
import { Direction, State } from "../../signals/SignalParts.tsx";
import { Inputs, Steps, When } from "../../signals/Why.tsx";
import { Badge } from "../../ui/Badge.tsx";
import { Card } from "../../ui/Card.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Empty, Loading, Notice, Shown } from "../../ui/States.tsx";

const SignalChart = lazy(() => import("./SignalChart.tsx"));

interface Found {
  data: SignalDetail;
}

/** The permalink of a signal: everything that is known of it, under an address that stays. */
export default function SignalPage() {
  const { id = "" } = useParams();
  const found = useResource<Found>(`/signals/by-id/${encodeURIComponent(id)}`, { every: 60_000, topic: "signals", apply: renewed });
  return (
    <>
      <title>{found.data ? `${found.data.data.symbol} ${words(found.data.data.type)} · cryptointel` : "Signal · cryptointel"}</title>
      <p className="mb-3">
        <Link to={PATHS.market} className="inline-flex items-center gap-1.5 text-muted hover:text-text">
          <ArrowLeft size={14} aria-hidden /> Market
        </Link>
      </p>
      {found.error?.status === 404 && !found.data ? (
        <Notice Icon={SearchX} title="There is no signal at this address">
          <p>Its address may be cut off or mistyped. Signals are never deleted.</p>
        </Notice>
      ) : (
        <Shown resource={found} label="signal" lines={12}>
          {({ data }) => <Sheet key={data.id} signal={data} />}
        </Shown>
      )}
    </>
  );
}

/** An event carries the signal as lists show it; what only this page has stays. */
function renewed(found: Found, event: unknown): Found {
  const came = ([event].flat() as Signal[]).find((one) => one.id === found.data.id);
  return came ? { data: { ...found.data, ...came } } : found;
}

function Sheet({ signal }: { signal: SignalDetail }) {
  // On a narrow screen the columns dissolve: the reasons come before what followed.
  return (
    <div className="grid grid-cols-1 gap-4 lg:grid-cols-12">
      <Head signal={signal} />
      <div className="flex min-w-0 flex-col gap-4 max-lg:contents lg:col-span-7">
        <ChartPart signal={signal} />
        <Panel title="What the price did afterwards" className="max-lg:order-3">
          <OutcomeTable signal={signal} />
          <h3 className="mt-5 mb-2 text-xs font-semibold tracking-wide text-muted uppercase">Random entries beside it</h3>
          <MatchedTable matched={signal.matched} />
          <p className="mt-3 text-xs text-muted">
            Returns of the signal are as the price moved, best and worst in its direction. Random entries are of the same asset at the same hour of the day, in the 90 days before, rated in the
            signal's direction.
          </p>
        </Panel>
        <Card title="News" className="max-lg:order-4">
          <p className="px-4 py-3">{newsText(signal)}</p>
          <Articles articles={signal.articles} />
        </Card>
      </div>
      <div className="flex min-w-0 flex-col gap-4 max-lg:contents lg:col-span-5">
        <Panel title="How the number came about" className="max-lg:order-1">
          <Steps signal={signal} />
        </Panel>
        <Panel title="Confidence" className="max-lg:order-2">
          <ConfidencePart signal={signal} />
        </Panel>
        <Panel title="When" className="max-lg:order-5">
          <When signal={signal} />
        </Panel>
        <Panel title="Stored inputs" className="max-lg:order-6">
          <Inputs signal={signal} />
        </Panel>
      </div>
    </div>
  );
}

function Head({ signal }: { signal: SignalDetail }) {
  return (
    <header className="flex min-w-0 flex-wrap items-start gap-x-4 gap-y-3 lg:col-span-12">
      <Direction of={signal.direction} />
      <div className="min-w-0 flex-1 basis-60">
        <h1 className="text-lg font-semibold tracking-tight">
          {signal.symbol} {words(signal.type)}
        </h1>
        <p className="text-muted">{summary(signal)}</p>
        <p className="mt-2 flex flex-wrap gap-2">
          <State of={signal.state} />
          {signal.interval && <Badge>{signal.interval} bars</Badge>}
        </p>
      </div>
      <CopyButton value={signal.permalink} />
    </header>
  );
}

function ChartPart({ signal }: { signal: SignalDetail }) {
  const aside = signal.chart && (
    <p className="flex gap-1.5">
      <Badge>{signal.chart.interval}</Badge>
      {signal.chart.source && <Badge>{signal.chart.source}</Badge>}
    </p>
  );
  return (
    <Card title="The bars around it" className="lg:h-112" aside={aside}>
      {signal.chart ? (
        <ErrorBoundary>
          <Suspense fallback={<Loading lines={8} label="Loading chart" />}>
            <div className="flex min-h-0 flex-1 flex-col pt-2">
              <SignalChart signal={signal} />
            </div>
          </Suspense>
        </ErrorBoundary>
      ) : (
        <Empty title="No bars are stored around it" />
      )}
    </Card>
  );
}

function Panel({ title, className, children }: { title: string; className: string; children: ReactNode }) {
  return (
    <Card title={title} className={className}>
      <div className="px-4 py-3">{children}</div>
    </Card>
  );
}
