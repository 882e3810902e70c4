import type { Article, Signal } from "../data/types.ts";
import { instant } from "../format/time.ts";
import { Headline } from "../news/Headline.tsx";

/** Whether the news of the hours around a signal say why. */
export function newsText({ evidence }: Signal): string {
  const news = evidence.news as { stories?: number; feeds?: number; first_at?: number | null } | undefined;
  if (news?.stories === undefined) return "Nobody looked for news of this signal.";
  if (news.stories === 0) return "No story in the window: unexplained.";
  const [stories, feeds] = [amount(news.stories, "story", "stories"), amount(news.feeds ?? 0, "feed", "feeds")];
  return `Explained by ${stories} from ${feeds} since ${instant(news.first_at)}.`;
}

const amount = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;

export function Articles({ articles }: { articles: Article[] }) {
  if (articles.length === 0) return null;
  return (
    <ul aria-label="Articles" className="border-t border-line">
      {articles.map((article) => (
        <Headline key={article.id} article={article} />
      ))}
    </ul>
  );
}
