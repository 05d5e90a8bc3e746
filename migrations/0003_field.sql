-- What devices said of themselves, and what was said in their name. `body` is the whole; the model is searched by.
CREATE TABLE device_about (
    key TEXT PRIMARY KEY,
    model TEXT,
    body TEXT NOT NULL
);

-- Messages that may not speak for the device they name: one row for each device and reason, so that a flood of one
-- displaces no other.
CREATE TABLE quarantine (
    device_key TEXT NOT NULL,
    reason TEXT NOT NULL,
    property_id TEXT,
    detail TEXT NOT NULL,
    hardware_id TEXT,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    messages BIGINT NOT NULL,
    leak BOOLEAN NOT NULL,
    topic TEXT NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (device_key, reason)
);
