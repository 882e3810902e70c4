-- The signal log: what was raised and what became of it, each entry chained to the one before by its hash, so
-- that no edit, deletion or insertion can hide behind a head that somebody has kept.
CREATE TABLE signal_log (
  seq INTEGER PRIMARY KEY,                -- 1, 2, 3, … without gaps
  signal TEXT NOT NULL,                   -- no reference: a signal that is deleted must not take its entry along
  kind TEXT NOT NULL CHECK (kind IN ('raised', 'resolved')),
  at INTEGER NOT NULL,                    -- when it was sealed; never before the entry before
  content_hash TEXT NOT NULL,             -- sha256 of the canonical JSON of what must not change any more
  previous TEXT NOT NULL,                 -- hash of the entry before; 64 zeros for the first
  hash TEXT NOT NULL UNIQUE,              -- sha256 of previous and the canonical JSON of this entry
  UNIQUE (signal, kind)
);

-- The head of the chain at the end of each UTC day: what to publish or keep elsewhere.
CREATE TABLE signal_log_days (
  day INTEGER PRIMARY KEY,                -- days since 1970
  entries INTEGER NOT NULL,
  seq INTEGER NOT NULL,                   -- last entry of the day
  root TEXT NOT NULL                      -- its hash
);

-- What waits for its entry, written in the transaction that makes it due, whoever writes.
CREATE TABLE signal_log_queue (
  known INTEGER NOT NULL,                 -- when it became known
  signal TEXT NOT NULL,
  kind TEXT NOT NULL,
  PRIMARY KEY (known, signal, kind)
) WITHOUT ROWID;
CREATE TRIGGER signals_log_raised AFTER INSERT ON signals BEGIN
  INSERT INTO signal_log_queue (known, signal, kind) VALUES (new.known_at, new.id, 'raised');
END;
CREATE TRIGGER signals_log_resolved AFTER UPDATE OF state ON signals
WHEN new.state = 'resolved' AND old.state <> 'resolved' BEGIN
  INSERT INTO signal_log_queue (known, signal, kind) VALUES (new.updated_at, new.id, 'resolved');
END;
INSERT INTO signal_log_queue (known, signal, kind) SELECT known_at, id, 'raised' FROM signals;
INSERT INTO signal_log_queue (known, signal, kind)
SELECT updated_at, id, 'resolved' FROM signals WHERE state = 'resolved';
