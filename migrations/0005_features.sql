-- Features of an asset at the close of a bar. Rows are written in time order and lie so; a row never
-- changes: when a candle is corrected, what follows from it is a new version with a later known_at.
CREATE TABLE ml_features_materialized (
  id INTEGER PRIMARY KEY,
  step INTEGER NOT NULL,                  -- bar length, milliseconds
  at INTEGER NOT NULL,                    -- close of the bar
  asset INTEGER NOT NULL,
  known_at INTEGER NOT NULL,              -- when this version was computed, of what was known then
  source INTEGER NOT NULL,                -- whose candles
  dictionary INTEGER NOT NULL,            -- version of the dictionary that names the values
  data BLOB NOT NULL,                     -- packed: see docs/FEATURES.md
  UNIQUE (step, at, asset, known_at)
);

-- Corrections in the order in which they became known: features that follow from them are computed again.
CREATE INDEX candle_revisions_superseded ON candle_revisions (step, superseded_at, asset, open_time);

-- The tables of document 001 that are another look at what is stored already.
CREATE VIEW price_data AS
SELECT q.id, a.symbol, q.price, q.volume_24h, q.market_cap, q.open_24h, q.high_24h, q.low_24h,
       q.at, q.known_at, s.name AS source
FROM quotes q JOIN crypto_assets a ON a.id = q.asset JOIN sources s ON s.id = q.source;

CREATE VIEW trading_signals AS
SELECT id, symbol, type, direction, raw_score, confidence_score, reference_price, step, state, at, known_at,
       expires_at
FROM signals;

CREATE VIEW sentiment_data AS
SELECT n.id AS article, a.symbol, n.sentiment, n.sentiment_model, n.feed AS source, n.at, n.known_at
FROM article_assets x JOIN articles n ON n.id = x.article JOIN crypto_assets a ON a.id = x.asset
WHERE n.sentiment IS NOT NULL AND n.duplicate_of IS NULL;
