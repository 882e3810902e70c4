-- Users' own rules: an expression over bars of one length, judged at the close of each for every symbol.
CREATE TABLE user_rules (
  id TEXT PRIMARY KEY,                    -- ULID
  owner TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  expression TEXT NOT NULL,               -- as it was written; docs/RULES.md
  symbols TEXT NOT NULL,                  -- JSON list of slugs, or one of "all" and "top(20)" in it
  step INTEGER NOT NULL,                  -- bar length, milliseconds
  cooldown_ms INTEGER NOT NULL,           -- quiet time of one symbol after it fired
  direction TEXT NOT NULL CHECK (direction IN ('up', 'down', 'none')),
  enabled INTEGER NOT NULL DEFAULT 1,
  notify INTEGER NOT NULL DEFAULT 1,      -- firings go to the owner's webhooks
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  since INTEGER NOT NULL,                 -- bars that closed later are live; moved on when it is enabled or changed
  failures INTEGER NOT NULL DEFAULT 0,    -- runs in a row in which it could not be judged
  last_error TEXT,
  version INTEGER NOT NULL DEFAULT 0,     -- compare-and-set: a lost race breaks NOT NULL and rolls back
  progress TEXT NOT NULL DEFAULT '{}'     -- JSON {asset: [close of the newest bar seen, verdict, last firing]}
) WITHOUT ROWID;
CREATE INDEX user_rules_owner ON user_rules (owner, id);
CREATE INDEX user_rules_enabled ON user_rules (id) WHERE enabled = 1;

-- Each time a rule turned true: once for a bar of a symbol, whoever finds it and however often.
CREATE TABLE rule_events (
  rule TEXT NOT NULL REFERENCES user_rules (id) ON DELETE CASCADE,
  asset INTEGER NOT NULL REFERENCES crypto_assets (id),
  at INTEGER NOT NULL,                    -- close of the bar
  known_at INTEGER NOT NULL,
  price REAL NOT NULL,                    -- its close
  evidence TEXT NOT NULL,                 -- JSON {series: value on that bar}: the numbers that make it true
  PRIMARY KEY (rule, asset, at)
) WITHOUT ROWID;
CREATE INDEX rule_events_at ON rule_events (rule, at, asset);
