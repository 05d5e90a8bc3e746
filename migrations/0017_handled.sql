-- Who looked after a text: `automation` or `people`, whether automation could have, and when it was answered. One text for
-- both databases, as 0001.
ALTER TABLE messages ADD COLUMN handled TEXT;
ALTER TABLE messages ADD COLUMN able BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE messages ADD COLUMN answered_at BIGINT;
CREATE INDEX messages_handled ON messages (created_at) WHERE handled IS NOT NULL;
