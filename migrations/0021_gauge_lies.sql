-- Which device's gauge was caught with which lie, by evidence of its own: what is presumed of the others of its model. One
-- text for both databases, as 0001.
CREATE TABLE gauge_lies (
    device_key TEXT   NOT NULL,
    lie        TEXT   NOT NULL, -- frozen, empty_and_alive, cliff, died_high, scale
    model      TEXT   NOT NULL,
    caught_at  BIGINT NOT NULL, -- UTC milliseconds, of the last time
    PRIMARY KEY (device_key, lie)
);
CREATE INDEX gauge_lies_by_time ON gauge_lies (caught_at);
