-- Requests that came with a key: asked twice, done once, answered alike. `request`: what was asked; `plan`: what is to be
-- done, chosen once; `answer`: absent until it is done. One text for both databases, as 0001.
CREATE TABLE requests (
    key TEXT PRIMARY KEY,
    request TEXT NOT NULL,
    plan TEXT NOT NULL,
    answer TEXT,
    at BIGINT NOT NULL
);
