-- Photos have an age: those that are there count from their ticket's beginning.
ALTER TABLE photos ADD COLUMN at BIGINT NOT NULL DEFAULT 0; -- UTC milliseconds
UPDATE photos SET at = COALESCE((SELECT t.opened_at FROM tickets t WHERE t.id = photos.ticket_id), 0);
CREATE INDEX photos_at ON photos (at);
