-- Work: who has a job, who was called at night, who took whose shift, and what tenants said afterwards.

-- Repeats what the ticket's body holds, to count somebody's jobs by.
ALTER TABLE tickets ADD COLUMN assignee TEXT;
CREATE INDEX tickets_by_assignee ON tickets (assignee) WHERE status IN ('assigned', 'on_site');

-- A housekeeper took an urgent job at night.
CREATE TABLE night_calls (
    housekeeper_id TEXT   NOT NULL,
    ticket_id      TEXT   NOT NULL,
    at             BIGINT NOT NULL, -- UTC milliseconds
    PRIMARY KEY (housekeeper_id, ticket_id, at)
);
CREATE INDEX night_calls_by_time ON night_calls (housekeeper_id, at);

-- One housekeeper works another's shift for a while.
CREATE TABLE shift_swaps (
    id           TEXT   PRIMARY KEY,
    from_id      TEXT   NOT NULL,
    to_id        TEXT   NOT NULL,
    starts_at    BIGINT NOT NULL,
    ends_at      BIGINT NOT NULL,
    actor        TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    cancelled_at BIGINT
);
CREATE INDEX shift_swaps_by_end ON shift_swaps (ends_at);

-- One question after a ticket is over.
CREATE TABLE surveys (
    ticket_id   TEXT   PRIMARY KEY,
    asked_at    BIGINT NOT NULL,
    score       BIGINT, -- 0 to 10
    words       TEXT,
    answered_at BIGINT
);
CREATE INDEX surveys_by_time ON surveys (answered_at);
