-- Photos of tickets, from phones. SQLite takes any name of a type and keeps bytes as they are, so that one text does for both
-- databases.
CREATE TABLE photos (
    ticket_id TEXT   NOT NULL,
    n         BIGINT NOT NULL, -- within the ticket, from 0
    body      BYTEA  NOT NULL, -- JPEG, PNG or WebP
    PRIMARY KEY (ticket_id, n)
);

-- What somebody has done lately.
CREATE INDEX tickets_by_done ON tickets (assignee, opened_at) WHERE status IN ('resolved', 'closed');
