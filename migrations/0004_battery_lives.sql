-- How finished batteries lived, by model: what forecasts learn from. The newest of each model are kept.
CREATE TABLE battery_lives (
    device_key  TEXT   NOT NULL,
    finished_at BIGINT NOT NULL, -- UTC milliseconds
    model       TEXT   NOT NULL,
    life        TEXT   NOT NULL, -- JSON
    PRIMARY KEY (device_key, finished_at)
);
CREATE INDEX battery_lives_model ON battery_lives (model, finished_at);
