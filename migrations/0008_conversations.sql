-- What people write, what was understood of it, and who waits for a human. One text for both databases, as 0001.

-- One row for each number that a tenant has written from; `waiting_since` while a human is awaited.
CREATE TABLE conversations (
    id TEXT PRIMARY KEY,
    phone TEXT NOT NULL UNIQUE,
    tenant_id TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    property_id TEXT NOT NULL,
    ticket_id TEXT,
    sender TEXT NOT NULL,
    waiting_since BIGINT,
    why TEXT,
    last_at BIGINT NOT NULL
);
CREATE INDEX conversations_by_property ON conversations (property_id, last_at);
CREATE INDEX conversations_waiting ON conversations (waiting_since) WHERE waiting_since IS NOT NULL;

ALTER TABLE messages ADD COLUMN intent TEXT;
ALTER TABLE messages ADD COLUMN confidence BIGINT;
CREATE INDEX messages_by_writer ON messages (phone_from, created_at);

-- Proof of every STOP and START: who, when, in which words, of which message; only ever added to. `purpose` is one of
-- safety, reminder, reward, survey, or all. opt_outs stays the present state of `all`.
CREATE TABLE consents (
    phone TEXT NOT NULL,
    purpose TEXT NOT NULL,
    at BIGINT NOT NULL,
    source TEXT NOT NULL,
    given BOOLEAN NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (phone, purpose, at, source)
);
