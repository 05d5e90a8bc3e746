-- What a manager has to do about a ticket, with its days: a bed for the night.
CREATE TABLE tasks (
    id          TEXT   PRIMARY KEY,
    ticket_id   TEXT   NOT NULL,
    property_id TEXT   NOT NULL,
    what        TEXT   NOT NULL,
    from_day    TEXT   NOT NULL,
    to_day      TEXT   NOT NULL,
    created_at  BIGINT NOT NULL, -- UTC milliseconds
    done_at     BIGINT,
    done_by     TEXT
);
CREATE INDEX tasks_by_property ON tasks (property_id, created_at);
