-- When registered devices were first heard, and tickets that wait for the operator's word.
CREATE TABLE newcomers (
    key TEXT PRIMARY KEY,
    at BIGINT NOT NULL
);
CREATE INDEX newcomers_by_time ON newcomers (at);
ALTER TABLE tickets ADD COLUMN held BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX tickets_held ON tickets (opened_at) WHERE held;
