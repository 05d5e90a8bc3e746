-- Texts that the carrier took and of whose end it has not told.
CREATE INDEX messages_unsettled ON messages (sent_at, id) WHERE status IN ('accepted', 'sent');
