-- Instants are INTEGER milliseconds UTC: `at` is when it was true, `known_at` when we learned it.

CREATE TABLE crypto_assets (
  id INTEGER PRIMARY KEY CHECK (id < 16384), -- 14 bits of quotes.id
  slug TEXT NOT NULL UNIQUE,              -- our public id: bitcoin
  symbol TEXT NOT NULL,                   -- ticker, not unique: BTC
  name TEXT NOT NULL,
  kind TEXT NOT NULL DEFAULT 'crypto' CHECK (kind IN ('crypto', 'pair', 'index', 'other')),
  rank INTEGER,                           -- order in lists; null for what was imported
  active INTEGER NOT NULL DEFAULT 1,
  tracked INTEGER NOT NULL DEFAULT 0,     -- candles and order books are collected
  coingecko_id TEXT,
  binance_symbol TEXT
);
CREATE INDEX crypto_assets_symbol ON crypto_assets (symbol, rank);
CREATE INDEX crypto_assets_active ON crypto_assets (rank) WHERE active = 1;
CREATE INDEX crypto_assets_tracked ON crypto_assets (rank) WHERE tracked = 1;

-- Every name an asset goes by, upper case: BITCOIN, BTC, XBT, BTCUSDT, BTC-USD, XXBTZUSD.
CREATE TABLE asset_aliases (
  alias TEXT PRIMARY KEY,
  asset INTEGER NOT NULL REFERENCES crypto_assets (id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX asset_aliases_asset ON asset_aliases (asset);

CREATE TABLE sources (
  id INTEGER PRIMARY KEY CHECK (id < 64), -- 6 bits of quotes.id
  name TEXT NOT NULL UNIQUE,
  reliability REAL NOT NULL DEFAULT 0.5   -- weight in the consensus, 0..1
);

-- Snapshots of prices. `id` is at << 20 | asset << 6 | source: a quote is one source's word on one
-- instant, and in time order one snapshot fills few pages, each once.
CREATE TABLE quotes (
  id INTEGER PRIMARY KEY,
  known_at INTEGER NOT NULL,
  price REAL NOT NULL,
  volume_24h REAL,
  market_cap REAL,
  open_24h REAL,
  high_24h REAL,
  low_24h REAL,
  at INTEGER AS (id >> 20) VIRTUAL,
  asset INTEGER AS (id >> 6 & 16383) VIRTUAL,
  source INTEGER AS (id & 63) VIRTUAL
);

-- Which quote of each asset and source is the newest: "now" without a GROUP BY.
CREATE TABLE latest_quotes (
  asset INTEGER NOT NULL,
  source INTEGER NOT NULL,
  quote INTEGER NOT NULL,
  PRIMARY KEY (asset, source)
) WITHOUT ROWID;

-- Candles of the recent past, clustered by time; `maintain` moves older bars into candle_blocks.
CREATE TABLE candles (
  step INTEGER NOT NULL,                  -- bar length, milliseconds
  open_time INTEGER NOT NULL,             -- the exchange's own, not rounded to the grid
  asset INTEGER NOT NULL,
  source INTEGER NOT NULL,
  known_at INTEGER NOT NULL,
  open REAL NOT NULL,
  high REAL NOT NULL,
  low REAL NOT NULL,
  close REAL NOT NULL,
  volume REAL NOT NULL,
  trades INTEGER,
  PRIMARY KEY (step, open_time, asset, source)
) WITHOUT ROWID;

-- What a corrected candle said before; `superseded_at` is when the correction became known.
CREATE TABLE candle_revisions (
  asset INTEGER NOT NULL,
  source INTEGER NOT NULL,
  step INTEGER NOT NULL,
  open_time INTEGER NOT NULL,
  known_at INTEGER NOT NULL,
  superseded_at INTEGER NOT NULL,
  open REAL NOT NULL,
  high REAL NOT NULL,
  low REAL NOT NULL,
  close REAL NOT NULL,
  volume REAL NOT NULL,
  trades INTEGER,
  PRIMARY KEY (asset, source, step, open_time, known_at)
) WITHOUT ROWID;
CREATE TRIGGER candles_keep_revision BEFORE UPDATE ON candles BEGIN
  -- not OR IGNORE: the conflict clause of the upsert that fires the trigger would override it
  INSERT INTO candle_revisions SELECT old.asset, old.source, old.step, old.open_time,
    old.known_at, new.known_at, old.open, old.high, old.low, old.close, old.volume, old.trades
  WHERE NOT EXISTS (SELECT 1 FROM candle_revisions WHERE asset = old.asset AND source = old.source
    AND step = old.step AND open_time = old.open_time AND known_at = old.known_at);
END;

-- Closed stretches of candles, lossless and compressed: one row per series and block.
CREATE TABLE candle_blocks (
  id INTEGER PRIMARY KEY,
  asset INTEGER NOT NULL,
  source INTEGER NOT NULL,
  step INTEGER NOT NULL,
  first_open INTEGER NOT NULL,            -- start of the stretch of 2,016 steps it stands for
  last_open INTEGER NOT NULL,             -- newest bar in it
  bars INTEGER NOT NULL,
  codec INTEGER NOT NULL,
  data BLOB NOT NULL,
  UNIQUE (asset, source, step, first_open)
);
CREATE INDEX candle_blocks_step ON candle_blocks (step, last_open);

-- Which candle series exist and how far they reach; one row per asset, source and bar length.
CREATE TABLE candle_series (
  asset INTEGER NOT NULL,
  source INTEGER NOT NULL,
  step INTEGER NOT NULL,
  first_open INTEGER NOT NULL,
  last_open INTEGER NOT NULL,
  blocks_to INTEGER,                      -- open time of the newest bar in candle_blocks
  PRIMARY KEY (asset, step, source)
) WITHOUT ROWID;
CREATE INDEX candle_series_step ON candle_series (step, last_open);

CREATE TABLE order_books (
  asset INTEGER NOT NULL,
  source INTEGER NOT NULL,
  at INTEGER NOT NULL,
  known_at INTEGER NOT NULL,
  bids TEXT NOT NULL,                     -- JSON [[price, quantity], …], best first
  asks TEXT NOT NULL,
  PRIMARY KEY (asset, source, at)
) WITHOUT ROWID;
CREATE INDEX order_books_at ON order_books (at);

-- Any other number that moves: tvl:ethereum, stablecoin_supply:usdt, …
CREATE TABLE metrics (
  name TEXT NOT NULL,
  at INTEGER NOT NULL,
  source INTEGER NOT NULL,
  known_at INTEGER NOT NULL,
  value REAL NOT NULL,
  PRIMARY KEY (name, at, source)
) WITHOUT ROWID;
CREATE INDEX metrics_at ON metrics (at);

CREATE TABLE articles (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,               -- guid or normalised link
  feed TEXT NOT NULL,
  url TEXT NOT NULL,
  title TEXT NOT NULL,
  summary TEXT,
  at INTEGER NOT NULL,
  known_at INTEGER NOT NULL,
  sentiment REAL,                         -- -1..1
  sentiment_model TEXT,
  duplicate_of INTEGER REFERENCES articles (id)
);
CREATE INDEX articles_at ON articles (at DESC, id DESC);
CREATE INDEX articles_known_at ON articles (known_at);
CREATE INDEX articles_feed ON articles (feed, at DESC);

CREATE TABLE article_assets (
  asset INTEGER NOT NULL REFERENCES crypto_assets (id),
  article INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
  at INTEGER NOT NULL,                    -- the article's, so that "news of an asset" is one range
  PRIMARY KEY (asset, at, article)
) WITHOUT ROWID;
CREATE INDEX article_assets_article ON article_assets (article);

CREATE TABLE entity_mentions (
  id INTEGER PRIMARY KEY,
  entity_type TEXT NOT NULL,
  entity_name TEXT NOT NULL,
  source TEXT NOT NULL,
  mention_count INTEGER DEFAULT 1,
  last_seen INTEGER,
  UNIQUE (entity_type, entity_name, source)
);
CREATE INDEX entity_mentions_last_seen ON entity_mentions (last_seen);

-- One row per article and entity; the trigger counts, so that storing an article twice counts once.
CREATE TABLE article_entities (
  article INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
  entity_type TEXT NOT NULL,
  entity_name TEXT NOT NULL,
  source TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (article, entity_type, entity_name)
) WITHOUT ROWID;
CREATE TRIGGER article_entities_count AFTER INSERT ON article_entities BEGIN
  INSERT INTO entity_mentions (entity_type, entity_name, source, mention_count, last_seen)
  VALUES (new.entity_type, new.entity_name, new.source, 1, new.at)
  ON CONFLICT (entity_type, entity_name, source) DO UPDATE SET
    mention_count = mention_count + 1, last_seen = max(last_seen, excluded.last_seen);
END;

CREATE TABLE signals (
  id TEXT PRIMARY KEY,                    -- ULID: time is `at`, randomness a hash of `key`
  type TEXT NOT NULL,
  symbol TEXT NOT NULL,
  confidence_score REAL,                  -- calibrated probability; null until it can be measured
  metadata TEXT,                          -- JSON: the evidence that reproduces raw_score
  created_at INTEGER NOT NULL,            -- wall clock of the insert
  key TEXT NOT NULL UNIQUE,               -- one episode: type:asset:step:at
  asset INTEGER NOT NULL REFERENCES crypto_assets (id),
  at INTEGER NOT NULL,
  known_at INTEGER NOT NULL,
  direction TEXT NOT NULL CHECK (direction IN ('up', 'down', 'none')),
  raw_score REAL NOT NULL,
  step INTEGER NOT NULL,                  -- bar length it was found on; 0 where there is no bar
  reference_price REAL,
  state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'resolved', 'expired')),
  updated_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
);
CREATE INDEX signals_at ON signals (at DESC, id DESC);
CREATE INDEX signals_type ON signals (type, at DESC, id DESC);
CREATE INDEX signals_symbol ON signals (symbol, at DESC, id DESC);
CREATE INDEX signals_active ON signals (type, asset, step) WHERE state = 'active';
CREATE INDEX signals_known_at ON signals (known_at);
CREATE INDEX signals_expires ON signals (expires_at) WHERE state = 'active';

CREATE TABLE signal_outcomes (
  signal TEXT NOT NULL REFERENCES signals (id) ON DELETE CASCADE,
  horizon INTEGER NOT NULL,               -- milliseconds after the signal
  due_at INTEGER NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'resolved', 'no data')),
  forward_return REAL,
  max_favourable REAL,
  max_adverse REAL,
  hit INTEGER,
  resolved_at INTEGER,
  PRIMARY KEY (signal, horizon)
) WITHOUT ROWID;
CREATE INDEX signal_outcomes_due ON signal_outcomes (due_at) WHERE status = 'pending';

-- Carried state of detectors: read, stepped and written in the transaction that stores their signals.
CREATE TABLE detector_state (
  name TEXT PRIMARY KEY,
  version INTEGER NOT NULL,               -- compare-and-set: a lost race breaks NOT NULL and rolls back
  cursor INTEGER NOT NULL,                -- newest bar or article already seen, milliseconds
  state BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE job_schedule (
  job TEXT PRIMARY KEY,
  interval_ms INTEGER NOT NULL,
  priority TEXT NOT NULL CHECK (priority IN ('critical', 'high', 'medium', 'low')),
  depends_on TEXT NOT NULL DEFAULT '[]',  -- JSON list of jobs
  enabled INTEGER NOT NULL DEFAULT 1,
  next_run INTEGER NOT NULL DEFAULT 0,
  last_run INTEGER,
  last_ok INTEGER,
  last_stored INTEGER,                    -- when it last stored anything new
  last_error TEXT,
  lease_owner TEXT,
  lease_token INTEGER NOT NULL DEFAULT 0, -- fencing: a write with an older token fails
  lease_until INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX job_schedule_due ON job_schedule (next_run) WHERE enabled = 1;

-- One row per run and source: what came, what was kept, what was not, and why.
CREATE TABLE job_runs (
  id INTEGER PRIMARY KEY,
  run TEXT NOT NULL,
  job TEXT NOT NULL,
  source TEXT NOT NULL,
  window INTEGER NOT NULL,                -- start of the interval the run stands for
  started_at INTEGER NOT NULL,
  finished_at INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('ok', 'unchanged', 'partial', 'failed', 'skipped')),
  fetched INTEGER NOT NULL DEFAULT 0,
  stored INTEGER NOT NULL DEFAULT 0,
  refused INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  error TEXT,
  UNIQUE (job, source, window, run)
);
CREATE INDEX job_runs_source ON job_runs (source, finished_at DESC);
CREATE INDEX job_runs_job ON job_runs (job, started_at DESC);
CREATE INDEX job_runs_finished ON job_runs (finished_at);

-- How far each series has been extracted (COL-14).
CREATE TABLE extraction_metadata (
  symbol TEXT NOT NULL,
  data_type TEXT NOT NULL,
  last_open_time INTEGER,
  record_count INTEGER NOT NULL DEFAULT 0,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (symbol, data_type)
) WITHOUT ROWID;

-- What fetch must remember across cold starts: breaker, budget, back-off of a host …
CREATE TABLE fetch_hosts (
  host TEXT PRIMARY KEY,
  failures INTEGER NOT NULL DEFAULT 0,
  open_until INTEGER NOT NULL DEFAULT 0,
  not_before INTEGER NOT NULL DEFAULT 0,
  window INTEGER NOT NULL DEFAULT 0,
  used INTEGER NOT NULL DEFAULT 0,
  last_error TEXT
) WITHOUT ROWID;
-- … and the validators of a URL, so that an unchanged body is not read twice.
CREATE TABLE fetch_validators (
  url TEXT PRIMARY KEY,
  etag TEXT,
  last_modified TEXT,
  body_sha256 BLOB,
  at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX fetch_validators_at ON fetch_validators (at);

CREATE TABLE users (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL CHECK (role IN ('admin', 'trader', 'viewer', 'service')),
  created_at INTEGER NOT NULL,
  disabled_at INTEGER
) WITHOUT ROWID;

CREATE TABLE login_links (
  hash BLOB PRIMARY KEY,                  -- sha256 of the token
  user TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  expires_at INTEGER NOT NULL,
  used_at INTEGER
) WITHOUT ROWID;
CREATE INDEX login_links_user ON login_links (user);
CREATE INDEX login_links_expires ON login_links (expires_at);

CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE,              -- sha256 of the key; the key itself is shown once and never stored
  prefix TEXT NOT NULL,
  name TEXT NOT NULL,
  owner TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  level TEXT NOT NULL CHECK (level IN ('master', 'trading', 'readonly')),
  scopes TEXT NOT NULL,                   -- JSON list
  rate_limit TEXT NOT NULL,               -- 1000/hour
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER,
  rotated_from TEXT,
  last_used_at INTEGER
) WITHOUT ROWID;
CREATE INDEX api_keys_owner ON api_keys (owner);

CREATE TABLE user_analytics (
  id INTEGER PRIMARY KEY,
  user_id TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  revenue_generated REAL,
  timestamp DATETIME DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX user_analytics_user ON user_analytics (user_id, timestamp);

CREATE TABLE webhooks (
  id TEXT PRIMARY KEY,
  owner TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  url TEXT NOT NULL,
  secret TEXT NOT NULL,                   -- encrypted: v1|kid|nonce|ciphertext
  scheme TEXT NOT NULL DEFAULT 'v1' CHECK (scheme IN ('v1', 'v1a')),
  public_key TEXT,                        -- whpk_… where the scheme is v1a
  event_types TEXT NOT NULL DEFAULT '[]', -- JSON; empty: all signals
  symbols TEXT NOT NULL DEFAULT '[]',     -- JSON; empty: all
  created_at INTEGER NOT NULL,
  failing_since INTEGER,
  paused_until INTEGER NOT NULL DEFAULT 0, -- its Retry-After
  disabled_at INTEGER,
  disabled_reason TEXT
) WITHOUT ROWID;
CREATE INDEX webhooks_owner ON webhooks (owner);
CREATE INDEX webhooks_enabled ON webhooks (id) WHERE disabled_at IS NULL;

-- Secrets before a rotation: they still sign until they expire.
CREATE TABLE webhook_secrets (
  id TEXT PRIMARY KEY,
  webhook TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
  secret TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX webhook_secrets_webhook ON webhook_secrets (webhook, expires_at);

-- Events, written in the batch that stores what they tell.
CREATE TABLE outbox (
  id TEXT PRIMARY KEY,                    -- ULID, also the webhook-id
  type TEXT NOT NULL,
  symbol TEXT,
  at INTEGER NOT NULL,
  payload TEXT NOT NULL,                  -- JSON, sent byte for byte
  dispatched_at INTEGER
) WITHOUT ROWID;
CREATE INDEX outbox_pending ON outbox (id) WHERE dispatched_at IS NULL;
CREATE INDEX outbox_at ON outbox (at);

CREATE TABLE deliveries (
  event TEXT NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
  webhook TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
  status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'exhausted', 'cancelled')),
  attempts INTEGER NOT NULL DEFAULT 0,
  step INTEGER NOT NULL DEFAULT 0,        -- place in the schedule; a replay starts it anew
  next_at INTEGER NOT NULL,
  lease_token INTEGER NOT NULL DEFAULT 0,
  lease_until INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (event, webhook)
) WITHOUT ROWID;
CREATE INDEX deliveries_due ON deliveries (webhook, next_at) WHERE status = 'pending';
CREATE INDEX deliveries_webhook ON deliveries (webhook, event);

CREATE TABLE delivery_attempts (
  event TEXT NOT NULL,
  webhook TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  at INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  status_code INTEGER,
  error TEXT,
  response TEXT,                          -- first 1,000 characters
  PRIMARY KEY (webhook, event, attempt),
  FOREIGN KEY (event, webhook) REFERENCES deliveries (event, webhook) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX delivery_attempts_event ON delivery_attempts (event, webhook);

-- Document 004's table, over the time-first storage.
CREATE VIEW market_data AS
SELECT q.id, a.symbol, q.price, q.volume_24h, q.market_cap,
       datetime(q.at / 1000, 'unixepoch') AS timestamp, s.name AS source, q.at, q.known_at, q.asset
FROM quotes q JOIN crypto_assets a ON a.id = q.asset JOIN sources s ON s.id = q.source;
