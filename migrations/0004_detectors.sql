-- What the detectors on tables rest on.

-- What concerns no asset of its own (value on a chain without a coin, an office that the news name) is filed
-- under the market. It has no price: `reference_price` of its signals is null, their outcomes "no data".
INSERT OR IGNORE INTO crypto_assets (slug, symbol, name, kind, active)
  VALUES ('market', 'MARKET', 'Crypto market', 'index', 0);
INSERT OR IGNORE INTO asset_aliases (alias, asset)
  SELECT 'MARKET', id FROM crypto_assets WHERE slug = 'market';

-- Values in the order in which they became known: what a run has not seen yet.
CREATE INDEX metrics_known_at ON metrics (known_at);
-- Who was named when, and by which feed.
CREATE INDEX article_entities_at ON article_entities (at, source);

-- What was carried for the news alone; families of tables carry their own under "tables:…".
DELETE FROM detector_state WHERE name = 'news';
