import type { Article } from "../data/types.ts";
import { signed } from "../format/numbers.ts";
import { Badge, type Tone } from "../ui/Badge.tsx";
import { Ago, Outside } from "../ui/Figures.tsx";

const TONES: Record<string, Tone> = { positive: "up", negative: "down" };

/** One article. Its text comes from outside and is shown as text, whatever it looks like. */
export function Headline({ article }: { article: Article }) {
  const { sentiment } = article;
  return (
    <li className="border-b border-line px-4 py-2.5 last:border-0">
      <Outside href={article.url} className="line-clamp-2 font-medium break-words">
        <bdi>{article.title}</bdi>
      </Outside>
      <p className="mt-1 flex flex-wrap items-center gap-x-2 gap-y-1 text-xs text-muted">
        <span className="max-w-40 truncate">{article.source}</span>
        <Ago at={article.at} />
        {article.symbols.slice(0, 4).map((symbol) => (
          <Badge key={symbol}>{symbol}</Badge>
        ))}
        {sentiment && (
          <span className="ml-auto">
            <Badge tone={TONES[sentiment.label] ?? "muted"} title={`Sentiment by ${sentiment.model}`}>
              {sentiment.label} {signed(sentiment.score)}
            </Badge>
          </span>
        )}
      </p>
    </li>
  );
}
