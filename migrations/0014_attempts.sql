-- Every attempt to send a message: by which carrier, when, what came of it. Kept for ever beside the message; one text
-- for both databases, as 0001. `again_at`: not by this carrier before; absent after an answer that was final.
CREATE TABLE attempts (
    message_id TEXT NOT NULL,
    n BIGINT NOT NULL,
    carrier TEXT NOT NULL,
    began_at BIGINT NOT NULL,
    ended_at BIGINT,
    again_at BIGINT,
    outcome TEXT NOT NULL,
    sid TEXT,
    error_code BIGINT,
    error TEXT,
    PRIMARY KEY (message_id, n)
);
CREATE INDEX attempts_by_sid ON attempts (sid) WHERE sid IS NOT NULL;
