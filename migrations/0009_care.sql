-- After the fix: marks, praise, and goodwill. One text for both databases, as 0001.

-- As in 0005: whichever comes first.
CREATE TABLE IF NOT EXISTS surveys (
    ticket_id   TEXT   PRIMARY KEY,
    asked_at    BIGINT NOT NULL,
    score       BIGINT,
    words       TEXT,
    answered_at BIGINT
);

-- Kind words, for who had the job.
CREATE TABLE praise (
    ticket_id      TEXT   NOT NULL,
    at             BIGINT NOT NULL,
    housekeeper_id TEXT   NOT NULL,
    property_id    TEXT   NOT NULL,
    words          TEXT   NOT NULL,
    PRIMARY KEY (ticket_id, at)
);
CREATE INDEX praise_by_time ON praise (at, ticket_id);

-- Who gave how much to whom beside the ledger's entry of the same reference. The row of an agent in goodwill_agents is
-- locked while one of their credits is decided.
CREATE TABLE goodwill (
    reference    TEXT   PRIMARY KEY,
    actor        TEXT   NOT NULL,
    tenant_id    TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    reason       TEXT   NOT NULL
);
CREATE INDEX goodwill_by_actor ON goodwill (actor, at);
CREATE INDEX goodwill_by_tenant ON goodwill (tenant_id, at);
CREATE TABLE goodwill_agents (
    actor TEXT PRIMARY KEY
);
