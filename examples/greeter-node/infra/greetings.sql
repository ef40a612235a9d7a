-- Who was greeted, and how; kept for as many days as policy.conf says.
CREATE TABLE IF NOT EXISTS greeting (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  language TEXT NOT NULL,
  greeted_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS greeting_by_time ON greeting (greeted_at);
