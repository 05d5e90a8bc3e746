-- A task is for one unit: of one incident several may need a bed. Absent in rows from before.
ALTER TABLE tasks ADD COLUMN unit_id TEXT;
