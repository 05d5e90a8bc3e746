-- Whose matter it was whose words had a tone: a tenant counts once, however many matters they had. One text for both
-- databases, as 0001; of matters from before, each counts as somebody else's.
ALTER TABLE tickets ADD COLUMN tone_tenant TEXT;
