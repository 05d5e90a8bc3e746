-- When the manager is told that nobody has answered a conversation.
ALTER TABLE conversations ADD COLUMN due_at BIGINT;
CREATE INDEX conversations_due ON conversations (due_at) WHERE due_at IS NOT NULL;
