-- What a signal's outcome is compared with: entries at random times of the same asset, at the same hour of
-- the day and in the same direction, from the 90 days before the signal.
CREATE TABLE matched_entries (
  signal TEXT NOT NULL REFERENCES signals (id) ON DELETE CASCADE,
  horizon INTEGER NOT NULL,               -- milliseconds after each entry
  n INTEGER NOT NULL,                     -- entries; 0 where the history was too short for any
  hits INTEGER,                           -- of them in the signal's direction; null without a direction
  opposite_hits INTEGER,                  -- as far the other way
  mean_return REAL,                       -- in the signal's direction; null where n is 0
  entries TEXT NOT NULL,                  -- JSON [[at, volatility_1h, forward_return], …], oldest first
  PRIMARY KEY (signal, horizon)
);

-- From raw score to probability, one row a fit; none is ever changed, for signals name the one they used.
CREATE TABLE calibrations (
  id INTEGER PRIMARY KEY,
  fitted_at INTEGER NOT NULL,             -- rests on outcomes that were settled by then
  type TEXT NOT NULL,
  step INTEGER NOT NULL,                  -- bar length, 0 where there is no bar
  horizon INTEGER NOT NULL,
  n INTEGER NOT NULL,                     -- outcomes it was fitted to
  hits INTEGER NOT NULL,
  base_rate REAL NOT NULL,                -- hits / n
  model TEXT NOT NULL,                    -- JSON: kind and its parameters
  judged INTEGER NOT NULL,                -- outcomes predicted by models fitted before they began
  brier REAL,                             -- of those predictions; null where they are too few to judge
  brier_base REAL,                        -- of the base rate known at each of them
  ece REAL,                               -- expected calibration error, and its 95 % interval by days
  ece_low REAL,
  ece_high REAL,
  reliability TEXT NOT NULL,              -- JSON [{from, to, n, predicted, observed}, …]
  UNIQUE (type, step, horizon, fitted_at)
);

-- How many outcomes each kind of signal has had since its last fit; counted where outcomes are settled.
CREATE TABLE calibration_due (
  type TEXT NOT NULL,
  step INTEGER NOT NULL,
  horizon INTEGER NOT NULL,
  fresh INTEGER NOT NULL,
  PRIMARY KEY (type, step, horizon)
) WITHOUT ROWID;
CREATE INDEX calibration_due_fresh ON calibration_due (fresh);
-- What became known longer after its bar than a bar (an hour where there is none) teaches nothing.
CREATE TRIGGER signal_outcomes_count AFTER UPDATE OF status ON signal_outcomes
WHEN old.status = 'pending' AND new.status = 'resolved' AND new.hit IS NOT NULL BEGIN
  INSERT INTO calibration_due (type, step, horizon, fresh)
  SELECT type, step, new.horizon, 1 FROM signals
  WHERE id = new.signal AND known_at - at <= CASE step WHEN 0 THEN 3600000 ELSE step END
  ON CONFLICT DO UPDATE SET fresh = fresh + 1;
END;
INSERT INTO calibration_due (type, step, horizon, fresh)
SELECT s.type, s.step, o.horizon, count(*) FROM signal_outcomes o JOIN signals s ON s.id = o.signal
WHERE o.status = 'resolved' AND o.hit IS NOT NULL
AND s.known_at - s.at <= CASE s.step WHEN 0 THEN 3600000 ELSE s.step END
GROUP BY s.type, s.step, o.horizon;
