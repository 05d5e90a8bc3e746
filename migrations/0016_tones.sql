-- In which tone and language a matter's routine words are said, while several are tried, and whether its tenant did what they
-- ask. One text for both databases, as 0001.
ALTER TABLE tickets ADD COLUMN tone TEXT;
ALTER TABLE tickets ADD COLUMN tone_locale TEXT;
ALTER TABLE tickets ADD COLUMN heeded BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX tickets_by_tone ON tickets (opened_at) WHERE tone IS NOT NULL;
