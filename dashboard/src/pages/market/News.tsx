import type { Resource } from "../../data/resource.ts";
import type { Article, List } from "../../data/types.ts";
import { Headline } from "../../news/Headline.tsx";
import { Card } from "../../ui/Card.tsx";
import { Fold } from "../../ui/Fold.tsx";
import { Empty, Shown } from "../../ui/States.tsx";

export function News({ news }: { news: Resource<List<Article>> }) {
  return (
    <Card title="News" className="flex-1 lg:max-h-144">
      <Shown
        resource={news}
        label="news"
        isEmpty={(list) => list.data.length === 0}
        empty={<Empty title="No news yet">Headlines appear here once the feeds have been read.</Empty>}
      >
        {(list) => (
          <Fold count={list.data.length} noun="headlines" className="scroll-slim min-h-0 flex-1 lg:overflow-y-auto">
            <ul className="fold-items">
              {list.data.map((article) => (
                <Headline key={article.id} article={article} />
              ))}
            </ul>
          </Fold>
        )}
      </Shown>
    </Card>
  );
}
