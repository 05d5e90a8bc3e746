-- What each valve is wanted to be; said to it with every connection to the broker.
CREATE TABLE valves (
    device_key  TEXT    PRIMARY KEY,
    property_id TEXT    NOT NULL,
    closed      BOOLEAN NOT NULL,
    ticket_id   TEXT    NOT NULL,
    actor       TEXT    NOT NULL,
    at          BIGINT  NOT NULL -- UTC milliseconds
);
