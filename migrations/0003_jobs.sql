-- The schedule: what `collect` runs each tick. `depends_on` orders jobs that are due together; it does
-- not stop a job whose predecessor failed, or one dead provider would silence the others.
INSERT INTO job_schedule (job, interval_ms, priority, depends_on, enabled) VALUES
  ('crypto_prices', 300000, 'high', '[]', 1),
  ('klines', 60000, 'high', '[]', 1),
  ('order_books', 300000, 'medium', '[]', 1),
  ('crypto_news', 900000, 'medium', '["crypto_prices"]', 1),
  ('defi', 900000, 'low', '[]', 1),
  -- No source of their own yet; sentiment is scored where news is stored, in crypto_news.
  ('technical_indicators', 300000, 'high', '["crypto_prices"]', 0),
  ('sentiment_analysis', 900000, 'medium', '["crypto_news"]', 0),
  ('ml_features', 900000, 'critical',
   '["crypto_prices", "technical_indicators", "sentiment_analysis"]', 0);
